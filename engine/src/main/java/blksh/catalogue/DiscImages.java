package blksh.catalogue;

import blksh.BlkshException;
import blksh.iso.DiscDrive;
import blksh.task.Task;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** What can be done with images of discs, as {@link Catalogue} offers it. */
final class DiscImages {

  private DiscImages() {}

  static WrittenDisc write(
      Catalogue catalogue, Disc disc, Path image, boolean overwrite, boolean readable, Task task) {
    CatalogueFile file = catalogue.file();
    ParityGroup group = ParityGroup.of(file, disc.id());
    if (group != null && (overwrite || !Files.exists(image))) {
      // Not under the lock: a verify notes what it finds under it.
      new ParityDiscWriting(catalogue, disc.id(), group, task).proveImages();
    }
    return catalogue.alone(
        "write the disc " + disc.name(),
        () -> {
          boolean planned = DiscSetTable.planned(file, disc.id()).disc().written() == null;
          DiscSetTable.settle(file);
          Disc now = DiscSetTable.planned(file, disc.id()).disc();
          if (!now.guid().equals(disc.guid())
              || !Objects.equals(group, ParityGroup.of(file, disc.id()))) {
            throw new BlkshException(
                "write the disc " + disc.name(), "it was planned otherwise meanwhile");
          }
          boolean asWanted = !readable || DiscAccess.of(file, disc.id()) == DiscAccess.EVERYBODY;
          if (planned
              && asWanted
              && now.written() != null
              && image.toAbsolutePath().equals(now.image())) {
            return DiscWriting.found(now, task);
          }
          return group == null
              ? new DiscWriting(catalogue, disc.id(), readable, task).write(image, overwrite)
              : new ParityDiscWriting(catalogue, disc.id(), group, task).write(image, overwrite);
        });
  }

  static RepairedDisc repair(
      Catalogue catalogue, Disc disc, List<Path> copies, Path image, boolean overwrite, Task task) {
    DiscRepair repair = new DiscRepair(catalogue, disc, copies, task);
    return image == null ? repair.inPlace() : repair.to(image, overwrite);
  }

  private static List<Long> lost(CatalogueFile file, Disc disc) {
    return file.call(
        "look what a disc has lost",
        () -> {
          List<Long> contents = new ArrayList<>();
          try (ResultSet rows =
              file.prepared("SELECT content FROM lost WHERE disc = ?", disc.id()).executeQuery()) {
            while (rows.next()) {
              contents.add(rows.getLong(1));
            }
          }
          return contents;
        });
  }

  private static Void note(CatalogueFile file, Disc disc, List<Long> lost) {
    return file.whole(
        "note what a disc has lost",
        () -> {
          LostContents.forget(file, disc.id());
          for (long each : lost) {
            file.execute("INSERT INTO lost VALUES (?, ?)", disc.id(), each);
          }
          return null;
        });
  }

  static WrittenDisc burn(
      Catalogue catalogue, Disc disc, Path image, String drive, boolean overwrite, Task task) {
    Path from = image == null ? disc.image() : image;
    String action = "burn the disc " + disc.name();
    if (disc.imported() || from == null || !OpenDiscs.isImageOf(from, disc)) {
      throw new BlkshException(
              action, from == null ? "it was not written" : from + " is not its image")
          .suggest("write it first, or name where its image is");
    }
    DiscDrive burner = DiscDrive.of(drive);
    burner.burn(from, overwrite, task);
    List<Long> lost = lost(catalogue.file(), disc);
    try {
      WrittenDisc burned = catalogue.verify(disc, burner.path(), task);
      if (burned.faultCount() > 0) {
        // The image is there still: that a medium is of no use takes nothing from the disc.
        catalogue.alone("note what is lost", () -> note(catalogue.file(), disc, lost));
      }
      return burned;
    } catch (BlkshException e) {
      throw new BlkshException(action, "it was burned, and is not compared: " + e.problem(), e)
          .suggest("take the disc out, put it in again, and verify it");
    }
  }
}
