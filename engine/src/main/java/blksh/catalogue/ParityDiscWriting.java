package blksh.catalogue;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.SliceSource;
import blksh.io.NameText;
import blksh.iso.ContentDigest;
import blksh.iso.DiscContents;
import blksh.iso.DiscFault;
import blksh.iso.DiscPlan;
import blksh.iso.DiscReport;
import blksh.iso.DiscWriter;
import blksh.parity.CombinedSource;
import blksh.task.Task;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes the image of a parity disc from those of the discs it is of, which must be where they were
 * written; each is compared with the catalogue before. It counts as written once it is whole and
 * durable.
 */
final class ParityDiscWriting implements DiscContents {

  private static final List<Long> ALL =
      List.of(
          DiscContentIds.README,
          DiscContentIds.INFO,
          DiscContentIds.RESTORE,
          DiscContentIds.ABOUT,
          DiscContentIds.PARITY);

  private final Catalogue catalogue;
  private final CatalogueFile file;
  private final DiscSetTable.Planned planned;
  private final ParityGroup group;
  private final Task task;
  private final Map<Long, byte[]> digests = new ConcurrentHashMap<>();
  private List<BlockSource> images = List.of();

  ParityDiscWriting(Catalogue catalogue, long disc, ParityGroup group, Task task) {
    this.catalogue = catalogue;
    this.file = catalogue.file();
    this.planned = DiscSetTable.planned(file, disc);
    this.group = group;
    this.task = task;
  }

  private BlkshException refused(String problem, String hint) {
    return new BlkshException("write the parity disc " + planned.disc().name(), problem)
        .suggest(hint);
  }

  /** Compares the images it is made of with the catalogue. */
  void proveImages() {
    for (Disc each : group.members()) {
      image(each);
    }
    if (planned.script() != DiscCargo.restoreScript().length) {
      throw refused(
          "its restore.py has %d bytes now, and %d were planned"
              .formatted(DiscCargo.restoreScript().length, planned.script()),
          "plan it again: segment");
    }
    for (Disc each : group.members()) {
      prove(each, image(each));
    }
  }

  /** To be used once they are proven. */
  WrittenDisc write(Path image, boolean overwrite) {
    List<Path> paths = new ArrayList<>();
    for (Disc each : group.members()) {
      paths.add(image(each));
    }
    DiscPlan plan = new DiscLayout(catalogue, planned, task).plan();
    try (OpenDiscs open = OpenDiscs.of(paths, group.members())) {
      // What a file or a drive has behind an image is none of it.
      images =
          group.members().stream()
              .map(each -> (BlockSource) new SliceSource(open.get(each.id()), 0, each.size()))
              .toList();
      DiscReport report = DiscWriter.write(plan, this, image, overwrite, task, () -> note(image));
      file.whole(
          "note a written disc",
          () -> {
            DiscSetTable.noteWritten(file, planned.disc());
            return null;
          });
      return new WrittenDisc(
          DiscSetTable.planned(file, planned.disc().id()).disc(),
          image,
          report.bytes(),
          report.contents(),
          0,
          List.of());
    }
  }

  private Path image(Disc disc) {
    if (disc.written() == null) {
      throw refused(disc.name() + " is not written yet", "write it first");
    }
    if (disc.image() == null || !Files.exists(disc.image())) {
      throw refused(
          "it is made of the images of %d discs, and that of %s is not at %s"
              .formatted(group.members().size(), disc.name(), disc.image()),
          "put a copy of it there");
    }
    return disc.image();
  }

  /** What was wrong with an image would be in the parity, and come back with it. */
  private void prove(Disc disc, Path path) {
    WrittenDisc verified = catalogue.verify(disc, path, task);
    if (verified.faultCount() > 0) {
      throw refused(
          "%s is not as it was written: %s".formatted(path, verified.faults().get(0)),
          "repair it, or write it once more, first");
    }
  }

  /** A parity disc that is not as it should be is of no use: then its image gets no name. */
  @Override
  public void written(long id, ContentDigest digest, DiscFault fault) {
    if (fault != null) {
      throw refused(
          "its %s did not come out (%s)".formatted(NameText.of(fault.path()), fault.problem()),
          "write it once more, when the images it is made of can be read");
    }
  }

  /** What was written stays what it was: discs were burned from it. */
  private void requireAll() {
    for (long id : ALL) {
      byte[] digest = digests.get(id);
      byte[] before = carried(id);
      if (digest == null || before != null && !Arrays.equals(digest, before)) {
        throw refused(
            digest == null
                ? "content %d of it was not read as a whole".formatted(-id)
                : "it would be another than the one that was written",
            "plan it again: segment");
      }
    }
  }

  private byte[] carried(long id) {
    return file.call(
        "look what a disc has",
        () -> {
          try (ResultSet rows =
              file.prepared(
                      "SELECT sha256 FROM carried WHERE disc = ? AND id = ?",
                      planned.disc().id(),
                      id)
                  .executeQuery()) {
            return rows.next() ? rows.getBytes(1) : null;
          }
        });
  }

  private void note(Path image) {
    requireAll();
    file.whole(
        "note a disc",
        () -> {
          long disc = planned.disc().id();
          LostContents.forget(file, disc);
          for (Map.Entry<Long, byte[]> each : digests.entrySet()) {
            file.execute(
                "INSERT OR REPLACE INTO carried VALUES (?, ?, ?)",
                disc,
                each.getKey(),
                each.getValue());
          }
          file.execute(
              "UPDATE disc SET image = ? WHERE id = ?", image.toAbsolutePath().toString(), disc);
          return null;
        });
  }

  @Override
  public BlockSource open(long id) {
    return new HashedPart(source(id), digest -> digests.put(id, digest));
  }

  private BlockSource source(long id) {
    if (id == DiscContentIds.PARITY) {
      return CombinedSource.parity(group.code(), group.row(), images);
    }
    if (id == DiscContentIds.ABOUT) {
      return new ByteArraySource(ParityDiscTree.ABOUT, ParityDiscTree.about(group));
    }
    if (id == DiscContentIds.RESTORE) {
      return new ByteArraySource(DiscCargo.RESTORE, DiscCargo.restoreScript());
    }
    if (id == DiscContentIds.README) {
      return new ByteArraySource(
          DiscCargo.README,
          ParityDiscTree.readme(planned.disc(), planned.total(), catalogue.jobName(), group));
    }
    return new ByteArraySource(
        DiscCargo.INFO, new DiscLayout(catalogue, planned, task).texts().info());
  }

  @Override
  public ContentDigest digest(long id) {
    return null;
  }
}
