package blksh.parity;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.WritableSource;
import blksh.io.IoFailure;
import blksh.io.TargetFile;
import blksh.parity.StripeBand.Looking;
import blksh.task.Figures;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Looks at all of an image with parity, and puts it right, in a copy or where it is. */
public final class ImageRepair {

  private static final int SECTOR = ParityLayout.SECTOR;
  private static final int MEMORY = 8 << 20;
  private static final int MOST_STRIPES = 128;
  private static final int MOST_NAMED = 1000;

  private final ParityLayout layout;
  private final Task task;

  private ImageRepair(ParityLayout layout, Task task) {
    this.layout = layout;
    this.task = task;
  }

  /**
   * What an image was found to be.
   *
   * @param sectors of 2048 bytes that it has
   * @param repaired how many were not as they were, and are now
   * @param lost how many are not as they were, and cannot be put right
   * @param firstLost the first of them that were found, by sector, at most 1,000
   */
  public record Report(long sectors, long repaired, long lost, List<Long> firstLost)
      implements Figures {

    public Report {
      firstLost = List.copyOf(firstLost);
    }

    @Override
    public Map<String, Object> figures() {
      Map<String, Object> figures = new LinkedHashMap<>();
      figures.put("sectors", sectors);
      figures.put("repaired", repaired);
      figures.put("lost", lost);
      return figures;
    }
  }

  /** Counts, and hands on what is right. */
  private static final class Count implements StripeBand.Findings {
    private final Task task;
    private final Writing writing;
    private final boolean newOnly;
    private final List<Long> named = new ArrayList<>();
    private long repaired;
    private long lost;

    Count(Task task, Writing writing, boolean newOnly) {
      this.task = task;
      this.writing = writing;
      this.newOnly = newOnly;
    }

    @Override
    public void right(long sector, ByteBuffer bytes, boolean isNew) {
      task.checkCancelled();
      repaired += isNew ? bytes.remaining() / SECTOR : 0;
      if (isNew || !newOnly) {
        writing.write(sector * SECTOR, bytes);
      }
    }

    @Override
    public void lost(long sector) {
      lost++;
      if (named.size() < MOST_NAMED) {
        named.add(sector);
      }
    }

    Report report(long sectors) {
      return new Report(sectors, repaired, lost, named);
    }
  }

  /** Where what is right goes. */
  private interface Writing {
    void write(long position, ByteBuffer bytes);
  }

  /**
   * Looks at every sector of an image, and writes nothing: all that is not as it was is lost to it.
   */
  public static Report check(BlockSource source, ParityLayout layout, Task task) {
    return new ImageRepair(layout, task)
        .run(List.of(source), Looking.AT_ALL, new Count(task, (position, bytes) -> {}, true));
  }

  /** As above, at parity and digests alone. It advances the task by their bytes. */
  public static Report checkParity(BlockSource source, ParityLayout layout, Task task) {
    return new ImageRepair(layout, task)
        .run(List.of(source), Looking.AT_PARITY, new Count(task, (position, bytes) -> {}, true));
  }

  /**
   * Writes an image as it was from what is readable of it, and compares it. It has its name only
   * when all of it is as it was, and on the medium.
   *
   * @param copies of the image, in files or drives; what one has not got another may have
   * @param overwrite whether it may take the place of a file
   * @throws BlkshException when a part cannot be put right, or it cannot be written
   */
  public static Report copy(
      List<BlockSource> copies, ParityLayout layout, Path to, boolean overwrite, Task task) {
    String action = "write " + to;
    ImageRepair repair = new ImageRepair(layout, task);
    long bytes = layout.total() * SECTOR;
    task.expect(2 * bytes);
    task.phase("repairing");
    try (TargetFile target = TargetFile.open(to, action, bytes, overwrite, false)) {
      target.setLength(bytes);
      Writing writing =
          (position, some) -> {
            try {
              target.write(position, some);
            } catch (IOException e) {
              throw IoFailure.told(action, e).at(position);
            }
          };
      Report report = repair.run(copies, Looking.AND_SOLVING, new Count(task, writing, false));
      requireAll(report, action);
      task.phase("comparing");
      repair.prove(new TargetSource(target, bytes), action);
      task.phase("syncing");
      target.finish();
      target.lost().forEach(task::note);
      return report;
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  /**
   * Puts an image right where it is, and compares it. Only sectors that have not their digest are
   * written over, each by one that has, and once the whole stripe is known to come out right: so
   * whoever is ended in the middle, or loses power, leaves no sector worse than it was, and goes on
   * by doing it once more. Stripes that cannot be put right are left as they are.
   *
   * @param image a file, as long as it was
   * @param others further copies of it
   */
  public static Report inPlace(
      WritableSource image, List<BlockSource> others, ParityLayout layout, Task task) {
    String action = "repair " + image.describe().location();
    if (image.size() < layout.total() * SECTOR) {
      throw new BlkshException(
              action, "it has %d bytes of %d".formatted(image.size(), layout.total() * SECTOR))
          .suggest("have it written to another file");
    }
    ImageRepair repair = new ImageRepair(layout, task);
    task.expect(2 * layout.total() * SECTOR);
    task.phase("repairing");
    List<BlockSource> copies = new ArrayList<>(List.of(image));
    copies.addAll(others);
    Report report = repair.run(copies, Looking.AND_SOLVING, new Count(task, image::write, true));
    image.sync();
    task.phase("comparing");
    if (report.lost() == 0) {
      repair.prove(image, action);
    }
    return report;
  }

  private static void requireAll(Report report, String action) {
    if (report.lost() > 0) {
      throw new BlkshException(
              action,
              "%d sectors cannot be put right, the first is %d"
                  .formatted(report.lost(), report.firstLost().get(0)))
          .at(report.firstLost().get(0) * SECTOR)
          .suggest(
              "name further copies of the disc; or restore from it: what is not hit comes back");
    }
  }

  private void prove(BlockSource made, String action) {
    Report again =
        run(List.of(made), Looking.AT_ALL, new Count(task, (position, bytes) -> {}, true));
    if (again.lost() > 0) {
      long sector = again.firstLost().get(0);
      throw new BlkshException(
              action, "%d sectors do not read as they were written".formatted(again.lost()))
          .at(sector * SECTOR)
          .suggest("write it to another medium");
    }
  }

  private Report run(List<BlockSource> copies, Looking looking, Count count) {
    int most = Math.max(1, Math.min(MOST_STRIPES, MEMORY / (SECTOR * layout.rows())));
    StripeBand band = new StripeBand(layout, (int) Math.min(most, layout.stripes()), looking);
    long sectors =
        looking == Looking.AT_PARITY ? layout.total() - layout.dataSectors() : layout.total();
    long bytesOfStripe = sectors * SECTOR / layout.stripes();
    for (long first = 0; first < layout.stripes(); first += band.most()) {
      task.checkCancelled();
      int stripes = (int) Math.min(band.most(), layout.stripes() - first);
      band.examine(copies, first, stripes, count);
      task.advance(stripes * bytesOfStripe);
    }
    rest(copies, looking, count);
    return count.report(layout.total());
  }

  /** What is in no stripe: zeros up to the last header, and that. */
  private void rest(List<BlockSource> copies, Looking looking, Count count) {
    long from = layout.digests(ImageParity.DIGESTS - 1) + layout.stripes();
    byte[] header = layout.header();
    for (long sector = from; sector <= layout.lastHeader(); sector++) {
      ByteBuffer must = ByteBuffer.wrap(sector == layout.lastHeader() ? header : new byte[SECTOR]);
      ByteBuffer there = ByteBuffer.allocate(SECTOR);
      BitSet bad = new BitSet();
      SectorRead.read(copies.get(0), sector, there, bad);
      boolean good = bad.isEmpty() && there.clear().equals(must);
      if (good || looking == Looking.AND_SOLVING) {
        count.right(sector, must, !good);
      } else {
        count.lost(sector);
      }
    }
  }
}
