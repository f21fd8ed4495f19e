package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.filesystem.SectorFit;
import blksh.io.DirectBuffer;
import blksh.io.IoFailure;
import blksh.io.TargetFile;
import blksh.io.WriteClaim;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Writes the bytes of an image, or of any source, to a file or a drive. */
public final class ImageRestore {

  private static final int TRANSFER = 1 << 20;

  private final BlockSource source;
  private final Sweep sweep;
  private final TargetFile target;
  private final Filling filling;
  private final Task task;
  private final AtomicLong written = new AtomicLong();
  private final AtomicLong skipped = new AtomicLong();
  private final AtomicBoolean failed = new AtomicBoolean();

  private ImageRestore(BlockSource source, TargetFile target, Filling filling, Task task) {
    this.source = source;
    this.sweep = new Sweep(source);
    this.target = target;
    this.filling = filling;
    this.task = task;
  }

  /**
   * Restores on all cores. Data is proven before it is written; what is free gets the filling of
   * the options, or else becomes a hole of a file, and is left as it was on a drive. A file appears
   * only when it is whole. A source that is known to lack something is refused before anything is
   * written over.
   *
   * @param to a new file, or with {@code overwrite} an existing one or a drive
   * @throws BlkshException when the target is refused, when data is damaged, or a write fails
   */
  public static ImageRestoreResult run(
      BlockSource source, Path to, ImageRestoreOptions options, Task task) {
    String action = "restore to " + to;
    WriteClaim.requireOther(to, source.describe().location(), action);
    SectorFit.check(source, to, action, options.anySectors(), task);
    requireWhole(source, task);
    if (options.dryRun()) {
      boolean device = TargetFile.check(to, action, source.size(), options.overwrite(), true);
      return dryRun(source, to, device, options.filling(), task);
    }
    try (TargetFile target =
        TargetFile.open(to, action, source.size(), options.overwrite(), true)) {
      ImageRestore restore = new ImageRestore(source, target, options.filling(), task);
      target.setLength(source.size());
      task.expect(source.size());
      Workers.run(task, Workers.count(), restore::work, () -> restore.failed.set(true));
      task.phase("syncing");
      target.finish();
      target.lost().forEach(task::note);
      return new ImageRestoreResult(
          to.toString(),
          source.size(),
          restore.written.get(),
          restore.skipped.get(),
          task.elapsed());
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  /**
   * Writes all bytes to a stream, in order.
   *
   * @param filling what is written where nothing is used, or null for zeros
   */
  public static ImageRestoreResult run(
      BlockSource source, OutputStream to, Filling filling, Task task) {
    long size = source.size();
    requireWhole(source, task);
    task.expect(size);
    byte[] bytes = new byte[TRANSFER];
    Sweep.Reader reader = new Sweep(source).reader();
    try {
      for (long at = 0; at < size; ) {
        task.checkCancelled();
        int wanted = (int) Math.min(TRANSFER, size - at);
        int count = reader.read(at, ByteBuffer.wrap(bytes, 0, wanted));
        if (filling != null) {
          fill(source, filling, at, ByteBuffer.wrap(bytes, 0, count));
        }
        if (count == 0) {
          throw ended(source, at);
        }
        to.write(bytes, 0, count);
        task.advance(count);
        at += count;
      }
      to.flush();
      return new ImageRestoreResult("-", size, size, 0, task.elapsed());
    } catch (IOException e) {
      throw IoFailure.told("restore to standard output", e);
    }
  }

  /** Fills what is free of a piece that was read. */
  private static void fill(BlockSource source, Filling filling, long at, ByteBuffer piece) {
    for (Iterator<Extent> extents = source.extents(at, piece.limit()); extents.hasNext(); ) {
      Extent extent = extents.next();
      if (extent.kind() == Extent.Kind.FREE) {
        piece.limit((int) (extent.end() - at)).position((int) (extent.start() - at));
        filling.fill(extent.start(), piece);
      }
    }
  }

  private static ImageRestoreResult dryRun(
      BlockSource source, Path to, boolean device, Filling filling, Task task) {
    long skipped = 0;
    for (Iterator<Extent> extents = source.extents(); extents.hasNext(); ) {
      Extent extent = extents.next();
      skipped += isSkipped(extent, device, filling) ? extent.length() : 0;
    }
    return new ImageRestoreResult(
        to.toString(), source.size(), source.size() - skipped, skipped, task.elapsed());
  }

  /** Whether nothing is written for a range: the holes of a drive must become zeros. */
  private static boolean isSkipped(Extent extent, boolean device, Filling filling) {
    return extent.kind() == Extent.Kind.FREE && filling == null
        || extent.kind() == Extent.Kind.ZERO && !device;
  }

  private void work() throws IOException {
    Sweep.Reader reader = sweep.reader();
    try (DirectBuffer memory = DirectBuffer.borrow(TRANSFER)) {
      ByteBuffer buffer = memory.bytes();
      while (!failed.get()) {
        long[] piece = sweep.take();
        if (piece == null) {
          return;
        }
        copy(reader, piece[0], piece[1], buffer);
      }
    }
  }

  /** That what is said to be bad can be read after all; if not, it is told as reading tells it. */
  private static void requireWhole(BlockSource source, Task task) {
    if (isTolerant(source)) {
      return;
    }
    for (Iterator<Extent> extents = source.extents(); extents.hasNext(); ) {
      task.checkCancelled();
      Extent extent = extents.next();
      if (extent.kind() == Extent.Kind.BAD) {
        source.read(extent.start(), ByteBuffer.allocate(1));
      }
    }
  }

  private static boolean isTolerant(BlockSource source) {
    return source instanceof BlockImage image && image.blocks().tolerant()
        || source instanceof ClonezillaDisk disk && disk.tolerant();
  }

  /** Whether a tolerant image lacks a range, which is told. */
  static boolean isMissing(BlockSource source, Extent extent, Task task) {
    if (extent.kind() != Extent.Kind.BAD || !isTolerant(source)) {
      return false;
    }
    task.finding(
        "bytes %d to %d are missing from the image".formatted(extent.start(), extent.end() - 1));
    return true;
  }

  /** That a source is shorter than it was. */
  static BlkshException ended(BlockSource source, long at) {
    return new BlkshException(
            "read " + source.describe(), "it ended before the size it had when opened")
        .at(at);
  }

  private int filled(long position, ByteBuffer buffer) {
    int count = buffer.remaining();
    filling.fill(position, buffer);
    return count;
  }

  private void copy(Sweep.Reader reader, long from, long to, ByteBuffer buffer) throws IOException {
    for (Iterator<Extent> extents = source.extents(from, to - from); extents.hasNext(); ) {
      Extent extent = extents.next();
      if (isSkipped(extent, target.isDevice(), filling)) {
        task.checkCancelled();
        skipped.addAndGet(extent.length());
        task.advance(extent.length());
        continue;
      }
      if (isMissing(source, extent, task)) {
        continue;
      }
      boolean filled = extent.kind() == Extent.Kind.FREE;
      for (long at = extent.start(); at < extent.end(); ) {
        task.checkCancelled();
        buffer.clear().limit((int) Math.min(TRANSFER, extent.end() - at));
        int count = filled ? filled(at, buffer) : reader.read(at, buffer);
        if (count == 0) {
          throw ended(source, at);
        }
        target.write(at, buffer.flip());
        written.addAndGet(count);
        task.advance(count);
        at += count;
      }
    }
  }
}
