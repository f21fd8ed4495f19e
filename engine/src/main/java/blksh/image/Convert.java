package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.compress.SeekableZstd;
import blksh.filesystem.Structure;
import blksh.image.disk.Qcow2Writer;
import blksh.io.IoFailure;
import blksh.io.TargetFile;
import blksh.io.WriteClaim;
import blksh.task.OrderedStep;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32;

/**
 * Writes any source as a partclone image of format 0002. What is free in the source is left out;
 * everything else is read, proven where the source has checksums, and stored.
 */
public final class Convert {

  /** Groups a thread writes at once. */
  private static final int BATCH = 4;

  private static final int HEAD_PIECE = 1 << 20;

  private final BlockSource source;
  private final PartclonePlan plan;
  private final ConvertOptions options;
  private final TargetFile target;
  private final Task task;
  private final Sweep sweep;
  private final AtomicLong next = new AtomicLong();
  private final AtomicBoolean failed = new AtomicBoolean();

  /** Lets compressed frames out in their order; guards what follows. */
  private final OrderedStep<Frame> inOrder = new OrderedStep<>(Workers.count(), this::add);

  /** Where compressed frames go, or null when the image is not compressed. */
  private final SeekableZstd zstd;

  /** A compressed frame of so many bytes of the image. */
  private record Frame(byte[] bytes, int length) {}

  private Convert(
      BlockSource source,
      PartclonePlan plan,
      ConvertOptions options,
      TargetFile target,
      Task task) {
    this.source = source;
    this.plan = plan;
    this.options = options;
    this.target = target;
    this.task = task;
    this.sweep = new Sweep(source);
    this.zstd = options.seekableZstd() ? new SeekableZstd(target, options.level()) : null;
  }

  /** Writes the bytes of a source as they are, a hole where they are free. */
  public static ConvertResult toRaw(
      BlockSource source, Path to, ConvertOptions options, Task task) {
    ImageRestoreOptions restore =
        new ImageRestoreOptions(options.overwrite(), options.dryRun(), false, null);
    if (Files.exists(to) && !Files.isRegularFile(to)) {
      throw new BlkshException("convert to " + to, "it is no regular file")
          .suggest("restore writes to drives");
    }
    ImageRestoreResult result = ImageRestore.run(source, to, restore, task);
    long written = options.dryRun() ? 0 : result.size();
    return new ConvertResult(
        result.target(),
        result.size(),
        1,
        result.size(),
        result.writtenBytes(),
        written,
        result.elapsed());
  }

  /**
   * Writes the bytes of a source as they are, compressed in frames that can be read one by one.
   * Otherwise as {@link #toPartclone}.
   */
  public static ConvertResult toRawZstd(
      BlockSource source, Path to, ConvertOptions options, Task task) {
    return RawConvert.run(source, to, options, task);
  }

  /**
   * Writes the bytes of a source as a qcow2 image of version 3, with clusters of 64 KiB, for QEMU
   * and what is like it. Clusters of zeros are left out. Of the options the level of the
   * compression and whether a file may be replaced count. Otherwise as {@link #toPartclone}.
   */
  public static ConvertResult toQcow2(
      BlockSource source,
      Path to,
      Qcow2Writer.Compression compression,
      ConvertOptions options,
      Task task) {
    return Qcow2Convert.run(source, to, compression, options, task);
  }

  /**
   * Converts on all cores. The image appears under its name only when it is whole.
   *
   * @throws BlkshException when the target is refused, when the source cannot be read or is
   *     damaged, or a write fails
   */
  public static ConvertResult toPartclone(
      BlockSource source, Path to, ConvertOptions options, Task task) {
    String action = "convert to " + to;
    task.phase("looking for free space");
    PartclonePlan plan = PartclonePlan.of(source, options, action);
    task.phase("");
    WriteClaim.requireOther(to, source.describe().location(), action);
    if (options.dryRun()) {
      TargetFile.check(to, action, plan.size(), options.overwrite(), false);
      return result(plan, to, 0, task);
    }
    task.expect(plan.index().used() * plan.geometry().blockSize());
    try (TargetFile target = TargetFile.open(to, action, plan.size(), options.overwrite(), false)) {
      Convert convert = new Convert(source, plan, options, target, task);
      convert.head();
      Workers.run(task, Workers.count(), convert::work, convert::fail);
      long written = convert.zstd == null ? plan.groupStart(plan.groups()) : convert.zstd.finish();
      task.phase("syncing");
      target.finish();
      target.lost().forEach(task::note);
      return result(plan, to, written, task);
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  private static ConvertResult result(PartclonePlan plan, Path to, long written, Task task) {
    return new ConvertResult(
        to.toString(),
        plan.size(),
        plan.geometry().blockSize(),
        plan.geometry().blocks(),
        plan.index().used(),
        written,
        task.elapsed());
  }

  private void fail() {
    failed.set(true);
    inOrder.end();
  }

  /** Writes the header and the map, a piece at a time. */
  private void head() throws IOException {
    ByteArrayOutputStream piece = new ByteArrayOutputStream();
    piece.writeBytes(plan.header());
    long position = 0;
    CRC32 crc = new CRC32();
    byte[] words = new byte[8];
    long left = plan.geometry().mapBytes();
    for (long block = 0; left > 0; block += 64) {
      int count = (int) Math.min(8, left);
      ByteBuffer.wrap(words).order(ByteOrder.LITTLE_ENDIAN).putLong(plan.index().bits(block));
      crc.update(words, 0, count);
      piece.write(words, 0, count);
      left -= count;
      if (piece.size() >= HEAD_PIECE) {
        position = put(position, piece);
      }
    }
    Structure sum = Structure.of(new byte[4]);
    sum.putI32(0, RawCrc.of(crc));
    piece.writeBytes(sum.bytes());
    put(position, piece);
  }

  private long put(long position, ByteArrayOutputStream piece) throws IOException {
    byte[] bytes = piece.toByteArray();
    piece.reset();
    if (zstd != null) {
      zstd.add(zstd.compress(bytes, bytes.length), bytes.length);
    } else {
      target.write(position, ByteBuffer.wrap(bytes));
    }
    return position + bytes.length;
  }

  private void work() throws IOException {
    int batch = zstd == null ? BATCH : 1;
    int group = (int) (plan.perGroup() * plan.geometry().blockSize()) + plan.proof().trailer();
    byte[] buffer = new byte[group * batch];
    Sweep.Reader reader = sweep.reader();
    GroupDigest digest = plan.proof().digests().get();
    while (!failed.get()) {
      long ticket = next.getAndIncrement();
      long first = ticket * batch;
      if (first >= plan.groups()) {
        return;
      }
      long until = Math.min(plan.groups(), first + batch);
      int length = 0;
      for (long g = first; g < until; g++) {
        length = fill(reader, digest, g, buffer, length);
      }
      if (zstd != null) {
        inOrder.bring(ticket, new Frame(zstd.compress(buffer, length), length));
      } else {
        target.write(plan.groupStart(first), ByteBuffer.wrap(buffer, 0, length));
      }
    }
  }

  private void add(Frame frame) throws IOException {
    zstd.add(frame.bytes(), frame.length());
  }

  /** Puts the data of a group and its checksum into a buffer. @return the end of what was put */
  private int fill(Sweep.Reader reader, GroupDigest digest, long group, byte[] buffer, int start) {
    int blockSize = plan.geometry().blockSize();
    long rank = group * plan.perGroup();
    long last = Math.min(plan.index().used(), rank + plan.perGroup());
    int at = start;
    long block = plan.index().block(rank);
    while (rank < last) {
      task.checkCancelled();
      block = plan.index().nextUsed(block, plan.index().blocks());
      long run = plan.index().nextUnused(block, block + Math.min(last - rank, left(block))) - block;
      int bytes = (int) run * blockSize;
      ByteBuffer target = ByteBuffer.wrap(buffer, at, bytes);
      if (reader.read(block * blockSize, target) < bytes) {
        throw new BlkshException(
                "read " + source.describe(), "it ended before the size it had when opened")
            .at(block * blockSize);
      }
      at += bytes;
      rank += run;
      block += run;
      task.advance(bytes);
    }
    if (digest != null) {
      digest.begin(null);
      digest.add(buffer, start, at - start);
      digest.put(buffer, at);
      at += digest.size();
    }
    return at;
  }

  private long left(long block) {
    return plan.index().blocks() - block;
  }
}
