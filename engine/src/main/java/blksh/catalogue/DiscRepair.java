package blksh.catalogue;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.WritableFile;
import blksh.io.IoFailure;
import blksh.io.TargetFile;
import blksh.parity.ImageParity;
import blksh.parity.ImageRepair;
import blksh.parity.ParityLayout;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts the image of a disc right by its parity, and proves it: every sector by its digest as it is
 * read again, and every file by its SHA-256.
 */
final class DiscRepair {

  private static final int BUFFER = 1 << 20;

  private final Catalogue catalogue;
  private final Disc disc;
  private final List<Path> copies;
  private final Task task;

  /**
   * @param copies images of the disc, or drives with it; what one has not got another may have. Or
   *     of other discs of its set and of parity discs
   */
  DiscRepair(Catalogue catalogue, Disc disc, List<Path> copies, Task task) {
    this.catalogue = catalogue;
    this.disc = disc;
    this.copies = List.copyOf(copies);
    this.task = task;
    if (disc.imported() || disc.written() == null) {
      throw new BlkshException(
              action(), disc.imported() ? "another program made it" : "it was not written")
          .suggest("image(PATH).files shows what is on it");
    }
  }

  private String action() {
    return "repair the disc " + disc.name();
  }

  /** Writes the image as it was to another file. */
  RepairedDisc to(Path image, boolean overwrite) {
    ImageRepair.Report report;
    try (OpenDiscs open = OpenDiscs.of(copies, catalogue.discs())) {
      open.rebuild(catalogue, task);
      List<BlockSource> sources = new ArrayList<>(open.copies(disc.id()));
      BlockSource rebuilt = open.rebuilt(disc.id());
      if (rebuilt != null) {
        sources.add(rebuilt);
      }
      if (sources.isEmpty()) {
        throw new BlkshException(action(), "nothing that it could come from is here")
            .suggest("name a copy of it, or all other discs of its set with a parity disc");
      }
      report =
          rebuilt == null || hasParity()
              ? ImageRepair.copy(sources, layout(sources), image, overwrite, task)
              : copy(rebuilt, image, overwrite);
    }
    return proven(image, report);
  }

  private boolean hasParity() {
    return Protection.of(catalogue.file(), disc.id()).rows() > 0;
  }

  /** Writes what comes from other discs; it has its name when all of it is on the medium. */
  private ImageRepair.Report copy(BlockSource source, Path image, boolean overwrite) {
    String action = "write " + image;
    if (overwrite && Files.exists(image)) {
      throw new BlkshException(
              action, "it is there, and what comes from other discs is proven once it is written")
          .suggest("have it written to a new file, and put that in its place when it is proven");
    }
    task.expect(disc.size());
    task.phase("repairing");
    try (TargetFile target = TargetFile.open(image, action, disc.size(), overwrite, false)) {
      ByteBuffer bytes = ByteBuffer.allocate(BUFFER);
      for (long at = 0; at < disc.size(); at += bytes.limit()) {
        task.checkCancelled();
        bytes.clear().limit((int) Math.min(BUFFER, disc.size() - at));
        source.read(at, bytes);
        target.write(at, bytes.flip());
        task.advance(bytes.limit());
      }
      task.phase("syncing");
      target.finish();
      target.lost().forEach(task::note);
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
    long sectors = disc.size() / ImageParity.SECTOR;
    return new ImageRepair.Report(sectors, sectors, 0, List.of());
  }

  /** Puts the first copy right where it is, which must be a file. */
  RepairedDisc inPlace() {
    Path image = copies.get(0);
    if (!Files.isRegularFile(image)) {
      throw new BlkshException(action(), image + " is no file")
          .suggest("have its image written to a file, and that to a new disc");
    }
    ParityLayout layout;
    try (OpenDiscs open = OpenDiscs.of(copies, List.of(disc))) {
      layout = layout(open.copies(disc.id()));
    }
    ImageRepair.Report report;
    List<BlockSource> others = new ArrayList<>();
    try (WritableFile file = WritableFile.open(image)) {
      for (Path each : copies.subList(1, copies.size())) {
        others.add(BlockSources.open(each));
      }
      report = ImageRepair.inPlace(file, others, layout, task);
    } finally {
      others.forEach(BlockSource::close);
    }
    if (report.lost() > 0) {
      task.finding(
          "%d sectors of %s cannot be put right, the first is %d"
              .formatted(report.lost(), image, report.firstLost().get(0)));
    }
    return proven(image, report);
  }

  private ParityLayout layout(List<BlockSource> sources) {
    for (BlockSource each : sources) {
      ParityLayout layout = ParityLayout.find(each, disc.size());
      if (layout != null && layout.label().equals(DiscLayout.label(disc))) {
        return layout;
      }
    }
    if (!hasParity()) {
      throw new BlkshException(action(), "it has no parity")
          .suggest("restore from it, and have what is lost planned anew: verify, and segment");
    }
    return new DiscLayout(catalogue, DiscSetTable.planned(catalogue.file(), disc.id()), task)
        .plan()
        .parity();
  }

  private RepairedDisc proven(Path image, ImageRepair.Report report) {
    WrittenDisc verified = catalogue.verify(disc, image, task);
    return new RepairedDisc(
        disc,
        image,
        report.sectors(),
        report.repaired(),
        report.lost(),
        verified.faultCount(),
        verified.faults());
  }
}
