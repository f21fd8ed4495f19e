package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.compress.SeekableZstd;
import blksh.io.IoFailure;
import blksh.io.TargetFile;
import blksh.io.WriteClaim;
import blksh.task.OrderedStep;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Writes the bytes of any source as zstd frames of 1 MiB; what is free is written as zeros. */
final class RawConvert {

  private final BlockSource source;
  private final SeekableZstd zstd;
  private final Task task;
  private final AtomicLong next = new AtomicLong();
  private final AtomicBoolean failed = new AtomicBoolean();

  /** Lets frames out in their order. */
  private final OrderedStep<Frame> inOrder = new OrderedStep<>(Workers.count(), this::add);

  /** A frame of nothing but zeros. */
  private final byte[] zeros;

  /** A compressed frame of so many bytes of the source. */
  private record Frame(byte[] bytes, int length) {}

  private RawConvert(BlockSource source, SeekableZstd zstd, Task task) {
    this.source = source;
    this.zstd = zstd;
    this.task = task;
    this.zeros = zstd.compress(new byte[SeekableZstd.FRAME], SeekableZstd.FRAME);
  }

  static ConvertResult run(BlockSource source, Path to, ConvertOptions options, Task task) {
    String action = "convert to " + to;
    long size = source.size();
    WriteClaim.requireOther(to, source.describe().location(), action);
    if (options.dryRun()) {
      TargetFile.check(to, action, size, options.overwrite(), false);
      return new ConvertResult(to.toString(), size, 1, size, stored(source), 0, task.elapsed());
    }
    task.expect(size);
    try (TargetFile target = TargetFile.open(to, action, size, options.overwrite(), false)) {
      SeekableZstd zstd = new SeekableZstd(target, options.level());
      RawConvert convert = new RawConvert(source, zstd, task);
      Workers.run(task, Workers.count(), convert::work, convert::fail);
      long written = zstd.finish();
      task.phase("syncing");
      target.finish();
      target.lost().forEach(task::note);
      return new ConvertResult(
          to.toString(), size, 1, size, stored(source), written, task.elapsed());
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  /** Bytes of a source that its extents do not tell as zeros. */
  static long stored(BlockSource source) {
    long stored = 0;
    for (Iterator<Extent> extents = source.extents(); extents.hasNext(); ) {
      Extent extent = extents.next();
      stored += extent.kind().readsAsZeros() ? 0 : extent.length();
    }
    return stored;
  }

  private void fail() {
    failed.set(true);
    inOrder.end();
  }

  private void work() throws IOException {
    byte[] buffer = new byte[SeekableZstd.FRAME];
    while (!failed.get()) {
      long ticket = next.getAndIncrement();
      long start = ticket * SeekableZstd.FRAME;
      if (start >= source.size()) {
        return;
      }
      task.checkCancelled();
      int length = (int) Math.min(SeekableZstd.FRAME, source.size() - start);
      boolean empty = fill(source, start, length, buffer) && length == SeekableZstd.FRAME;
      byte[] frame = empty ? zeros : zstd.compress(buffer, length);
      inOrder.bring(ticket, new Frame(frame, length));
    }
  }

  private void add(Frame frame) throws IOException {
    zstd.add(frame.bytes(), frame.length());
    task.advance(frame.length());
  }

  /**
   * Fills a buffer with bytes of a source, and with zeros behind them.
   *
   * @return whether all of them are known to be zeros
   */
  static boolean fill(BlockSource source, long start, int length, byte[] buffer) {
    boolean empty = true;
    Arrays.fill(buffer, (byte) 0);
    for (Iterator<Extent> extents = source.extents(start, length); extents.hasNext(); ) {
      Extent extent = extents.next();
      if (!extent.kind().readsAsZeros()) {
        empty = false;
        int bytes = (int) extent.length();
        ByteBuffer target = ByteBuffer.wrap(buffer, (int) (extent.start() - start), bytes);
        if (source.read(extent.start(), target) < bytes) {
          throw new BlkshException(
                  "read " + source.describe(), "it ended before the size it had when opened")
              .at(extent.start());
        }
      }
    }
    return empty;
  }
}
