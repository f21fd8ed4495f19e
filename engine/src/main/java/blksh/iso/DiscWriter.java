package blksh.iso;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.TargetFile;
import blksh.parity.ParityWriting;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** Writes the image of a planned disc from its first byte to its last. */
public final class DiscWriter {

  private static final int THREADS = 3;

  private final DiscPlan plan;
  private final Task task;

  private DiscWriter(DiscPlan plan, Task task) {
    this.plan = plan;
    this.task = task;
  }

  /**
   * Writes a file, which has its name only once it is whole and on the medium.
   *
   * @param overwrite whether it may take the place of a file
   * @throws BlkshException when it cannot be written; a content that cannot be had is a fault of
   *     the report instead, and a finding of the task
   */
  public static DiscReport write(
      DiscPlan plan, DiscContents contents, Path file, boolean overwrite, Task task) {
    return write(plan, contents, file, overwrite, task, () -> {});
  }

  /**
   * As above.
   *
   * @param noted done when all is written, before the file has its name: so whoever finds it by
   *     that name after a power cut can know what it is
   */
  public static DiscReport write(
      DiscPlan plan,
      DiscContents contents,
      Path file,
      boolean overwrite,
      Task task,
      Runnable noted) {
    String action = "write " + file;
    try (TargetFile target = TargetFile.open(file, action, plan.bytes(), overwrite, false)) {
      DiscReport report = write(plan, contents, told(target, action), task);
      if (plan.parity() != null) {
        parity(plan, target, action, task);
      }
      noted.run();
      task.phase("syncing");
      target.finish();
      target.lost().forEach(task::note);
      return report;
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  /**
   * What comes behind an image with parity. Data are read again for that, a part of each column at
   * a time: all parity of an image together is more than memory holds.
   */
  private static void parity(DiscPlan plan, TargetFile target, String action, Task task)
      throws IOException {
    task.phase("adding parity");
    DiscTarget to = told(target, action);
    long last = plan.sectors() - UdfVolume.LAST_ANCHOR_BLOCKS;
    to.write(last * DiscPlan.SECTOR, ByteBuffer.wrap(UdfVolume.anchor(last)));
    ParityWriting.write(
        plan.parity(),
        new ParityWriting.Medium() {
          @Override
          public void read(long position, ByteBuffer bytes) throws IOException {
            target.read(position, bytes);
          }

          @Override
          public void write(long position, ByteBuffer bytes) throws IOException {
            to.write(position, bytes);
          }
        },
        task);
  }

  /** Says of a failure at which byte it was. */
  private static DiscTarget told(TargetFile target, String action) {
    return (position, bytes) -> {
      int before = bytes.position();
      try {
        target.write(position, bytes);
      } catch (IOException e) {
        throw IoFailure.told(action, e).at(position + bytes.position() - before);
      }
    };
  }

  /**
   * Writes to whatever takes bytes one after the other; of an image with parity what is before
   * that.
   *
   * @throws BlkshException as above
   */
  public static DiscReport write(
      DiscPlan plan, DiscContents contents, DiscTarget target, Task task) {
    return new DiscWriter(plan, task).write(contents, target);
  }

  private DiscReport write(DiscContents contents, DiscTarget target) {
    task.expect(plan.bytes());
    task.phase("writing");
    ContentPipeline pipeline = new ContentPipeline(contents, task);
    ImageOutput out = new ImageOutput(target, task);
    AtomicInteger roles = new AtomicInteger();
    Workers.run(
        task,
        THREADS,
        () -> {
          switch (roles.getAndIncrement()) {
            case 0 -> pipeline.read(plan);
            case 1 -> pipeline.prove();
            default -> image(pipeline, out);
          }
        },
        pipeline::end);
    task.checkCancelled();
    if (out.position() != plan.plainBytes()) {
      throw new IllegalStateException(
          "%d bytes were written of %d".formatted(out.position(), plan.plainBytes()));
    }
    DiscReport report = pipeline.report(plan.bytes());
    for (DiscFault fault : report.faults()) {
      task.finding(fault.sentence());
    }
    return report;
  }

  private void image(ContentPipeline pipeline, ImageOutput out) throws IOException {
    IsoRecords iso = new IsoRecords(plan);
    JolietRecords joliet = new JolietRecords(plan);
    byte[] isoTable = iso.pathTable();
    byte[] jolietTable = joliet.pathTable();
    new IsoVolume(plan, plan.label())
        .write(iso.rootRecord(), isoTable.length, joliet.rootRecord(), jolietTable.length, out);
    UdfVolume udf = new UdfVolume(plan, plan.label());
    udf.write(out);
    udf.fileSet(out);
    new UdfFiles(plan).write(out);
    tables(isoTable, plan.isoTables(), plan.isoTableSectors(), out);
    iso.write(out);
    out.to(plan.continuationArea());
    plan.continuations().write(plan.tree().nodes(), plan.continuationArea(), out);
    tables(jolietTable, plan.jolietTables(), plan.jolietTableSectors(), out);
    joliet.write(out);
    pipeline.write(out);
    out.to(plan.plainSectors() - UdfVolume.LAST_ANCHOR_BLOCKS);
    UdfVolume.anchor(out);
    out.flush();
  }

  private static void tables(byte[] table, long start, long sectors, ImageOutput out)
      throws IOException {
    out.to(start);
    out.put(table);
    out.to(start + sectors);
    out.put(PathTable.bigEndian(table));
    out.to(start + 2 * sectors);
  }
}
