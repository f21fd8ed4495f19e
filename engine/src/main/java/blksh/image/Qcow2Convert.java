package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.image.disk.Qcow2Writer;
import blksh.io.IoFailure;
import blksh.io.TargetFile;
import blksh.io.WriteClaim;
import blksh.task.OrderedStep;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Writes the bytes of any source as a qcow2 image; clusters of nothing but zeros are left out. */
final class Qcow2Convert {

  /** Clusters a thread reads at once. */
  private static final int BATCH = 16;

  /** The largest disk: of its table of level 1 QEMU reads no more than 32 MiB. */
  private static final long LARGEST = 2L << 50;

  private static final byte[] ZEROS = new byte[Qcow2Writer.CLUSTER];

  private final BlockSource source;
  private final Qcow2Writer writer;
  private final Qcow2Writer.Compression compression;
  private final int level;
  private final Task task;
  private final AtomicLong next = new AtomicLong();
  private final AtomicLong used = new AtomicLong();
  private final AtomicBoolean failed = new AtomicBoolean();

  /** Lets clusters out in their order. */
  private final OrderedStep<Batch> inOrder = new OrderedStep<>(Workers.count(), this::add);

  /**
   * Clusters that follow each other, null where one is all zeros.
   *
   * @param first number of the first
   * @param packed null where one is not compressed
   * @param length bytes of the source
   */
  private record Batch(long first, byte[][] clusters, byte[][] packed, long length) {}

  private Qcow2Convert(
      BlockSource source,
      Qcow2Writer writer,
      Qcow2Writer.Compression compression,
      int level,
      Task task) {
    this.source = source;
    this.writer = writer;
    this.compression = compression;
    this.level = level;
    this.task = task;
  }

  static ConvertResult run(
      BlockSource source,
      Path to,
      Qcow2Writer.Compression compression,
      ConvertOptions options,
      Task task) {
    String action = "convert to " + to;
    long size = source.size();
    if (size > LARGEST) {
      throw new BlkshException(action, "%d bytes are more than qcow2 takes".formatted(size));
    }
    WriteClaim.requireOther(to, source.describe().location(), action);
    if (options.dryRun()) {
      TargetFile.check(to, action, size, options.overwrite(), false);
      return result(to, size, RawConvert.stored(source) / Qcow2Writer.CLUSTER, 0, task);
    }
    task.expect(size);
    try (TargetFile target = TargetFile.open(to, action, size, options.overwrite(), false)) {
      Qcow2Writer writer = new Qcow2Writer(target, size, compression);
      Qcow2Convert convert = new Qcow2Convert(source, writer, compression, options.level(), task);
      Workers.run(task, Workers.count(), convert::work, convert::fail);
      long written = writer.finish();
      task.phase("syncing");
      target.finish();
      target.lost().forEach(task::note);
      return result(to, size, convert.used.get(), written, task);
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  private static ConvertResult result(Path to, long size, long used, long written, Task task) {
    long clusters = (size + Qcow2Writer.CLUSTER - 1) / Qcow2Writer.CLUSTER;
    return new ConvertResult(
        to.toString(), size, Qcow2Writer.CLUSTER, clusters, used, written, task.elapsed());
  }

  private void fail() {
    failed.set(true);
    inOrder.end();
  }

  private void work() throws IOException {
    byte[] buffer = new byte[BATCH * Qcow2Writer.CLUSTER];
    long size = source.size();
    while (!failed.get()) {
      long ticket = next.getAndIncrement();
      long start = ticket * buffer.length;
      if (start >= size) {
        return;
      }
      task.checkCancelled();
      int length = (int) Math.min(buffer.length, size - start);
      boolean empty = RawConvert.fill(source, start, length, buffer);
      inOrder.bring(ticket, empty ? none(ticket, length) : batch(ticket * BATCH, length, buffer));
    }
  }

  private static Batch none(long ticket, int length) {
    return new Batch(ticket * BATCH, new byte[0][], new byte[0][], length);
  }

  private Batch batch(long first, int length, byte[] buffer) {
    byte[][] clusters = new byte[BATCH][];
    byte[][] packed = new byte[BATCH][];
    for (int i = 0; i * Qcow2Writer.CLUSTER < length; i++) {
      int at = i * Qcow2Writer.CLUSTER;
      int end = at + Qcow2Writer.CLUSTER;
      if (!Arrays.equals(buffer, at, end, ZEROS, 0, ZEROS.length)) {
        clusters[i] = Arrays.copyOfRange(buffer, at, end);
        packed[i] = Qcow2Writer.compress(clusters[i], compression, level);
      }
    }
    return new Batch(first, clusters, packed, length);
  }

  private void add(Batch batch) throws IOException {
    for (int i = 0; i < batch.clusters().length; i++) {
      if (batch.clusters()[i] != null) {
        writer.add(batch.first() + i, batch.clusters()[i], batch.packed()[i]);
        used.incrementAndGet();
      }
    }
    task.advance(batch.length());
  }
}
