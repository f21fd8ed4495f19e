package blksh.store;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.io.OpenFile;
import blksh.io.TargetFile;
import blksh.io.WriteClaim;
import blksh.store.shelf.ReadOnlyFile;
import blksh.task.Task;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** Where a restore writes to. Positions are written from several threads, in no order. */
abstract class RestoreTarget implements Closeable {

  /** Zeros written at once. */
  private static final int PIECE = 1 << 18;

  /** Bytes that are compared, and then written or not. */
  private static final int STEP = 4096;

  private final AtomicLong written = new AtomicLong();

  /** Bytes written so far, with those that are being written. */
  long writtenBytes() {
    return written.get();
  }

  final void count(long bytes) {
    written.addAndGet(bytes);
  }

  /** Whether {@link #write} must be called in the order of the image. */
  boolean ordered() {
    return false;
  }

  /** Writes bytes of the image. */
  abstract void write(long position, byte[] from, int offset, int length) throws IOException;

  /**
   * As above, of whole pages.
   *
   * @param digests SHA-256 of each page
   * @param at where the first is in it
   */
  void write(long position, byte[] from, int offset, int length, byte[] digests, int at)
      throws IOException {
    write(position, from, offset, length);
  }

  /** Whether anything of a part of the image, up to and without its end, is to be written. */
  boolean wants(long position, long end) {
    return true;
  }

  /** Bytes of an image that it wants. */
  long wanted(long imageBytes) {
    return imageBytes;
  }

  /** Whether it is compared and not written. */
  boolean readsBack() {
    return false;
  }

  /** How many pieces of the image it wants to be told of before they are written, 1 or more. */
  int ahead() {
    return 1;
  }

  /** Tells of a piece that will be written, in the order of the image. */
  void announce(long position, long length) {}

  /** A piece was written. */
  void written(long position) {}

  /** All up to a byte was written, in the order of the image. */
  void reached(long position) {}

  /** Makes a range read as zeros. */
  abstract void zeros(long position, long length) throws IOException;

  /** Whether what is there may stay where the image has a range of this kind. */
  boolean mayKeep(Extent.Kind kind) {
    return false;
  }

  /** Makes everything durable; until now the target may be given up. */
  abstract void finish() throws IOException;

  /**
   * As {@link #finish}.
   *
   * @return nothing when it is; else the range that is to be written once more before
   */
  Optional<Extent> finishes() throws IOException {
    finish();
    return Optional.empty();
  }

  /** Bytes that were moved to and from another machine. */
  long movedBytes() {
    return 0;
  }

  /** Tells an operation what is worth knowing of how it went. */
  void tell(Task task) {
    lost().forEach(task::note);
  }

  /** What a file that was replaced had and the new one has not; once it is finished. */
  List<String> lost() {
    return List.of();
  }

  /**
   * What is left there of a restore that failed, as a clause, with what to do: asked when it was
   * closed. Nothing where it is as it was.
   */
  Optional<String> left() {
    return Optional.empty();
  }

  /** Of what is written in place. */
  final Optional<String> partlyWritten() {
    return Optional.of("it is partly written: restore it once more")
        .filter(clause -> writtenBytes() > 0);
  }

  /** Has a failure say what is left there, whichever it is; when this is closed. */
  final BlkshException withWhatIsLeft(BlkshException failure) {
    Optional<String> left = left();
    if (left.isPresent()) {
      String said = failure.suggestion();
      boolean isSaid = said == null || left.get().contains(said);
      failure.suggest(isSaid ? left.get() : said + "; " + left.get());
    }
    return failure;
  }

  /** Lets go; what was not finished is removed where that is possible. */
  @Override
  public abstract void close();

  /**
   * Opens a target and refuses it before anything is written.
   *
   * @param size bytes of the image
   */
  static RestoreTarget of(Path path, long size, RestoreOptions options) throws IOException {
    String action = "restore to " + path;
    boolean changes = options.onlyChanged() && Files.exists(path);
    if (!options.dryRun() && !changes) {
      return new Whole(TargetFile.open(path, action, size, options.overwrite(), true), size);
    }
    boolean device = TargetFile.check(path, action, size, options.overwrite(), true);
    if (options.dryRun()) {
      return changes ? new Comparison(path) : new Nowhere();
    }
    return new Changes(path, action, size, device);
  }

  /** The output of a program, in order. */
  static RestoreTarget of(OutputStream out) {
    return new Stream(out);
  }

  /** Makes a range read as zeros by writing them, in pieces. */
  final void writeZeros(long position, long length) throws IOException {
    byte[] zeros = new byte[(int) Math.min(PIECE, length)];
    for (long done = 0; done < length; done += zeros.length) {
      write(position + done, zeros, 0, (int) Math.min(zeros.length, length - done));
    }
  }

  /** A new file, or a drive, of which everything is written that is not a hole. */
  private static final class Whole extends RestoreTarget {
    private final TargetFile target;

    Whole(TargetFile target, long size) throws IOException {
      this.target = target;
      boolean ready = false;
      try {
        target.setLength(size);
        ready = true;
      } finally {
        if (!ready) {
          target.close();
        }
      }
    }

    @Override
    void write(long position, byte[] from, int offset, int length) throws IOException {
      count(length);
      target.write(position, ByteBuffer.wrap(from, offset, length));
    }

    @Override
    void zeros(long position, long length) throws IOException {
      if (target.isDevice()) {
        writeZeros(position, length);
      }
    }

    @Override
    boolean mayKeep(Extent.Kind kind) {
      return target.isDevice() && isUnneeded(kind);
    }

    @Override
    void finish() throws IOException {
      target.finish();
    }

    @Override
    List<String> lost() {
      return target.lost();
    }

    @Override
    Optional<String> left() {
      return target.isDevice() ? partlyWritten() : Optional.empty();
    }

    @Override
    public void close() {
      target.close();
    }
  }

  /** What no file system uses and what nobody could read need not be written over a drive. */
  static boolean isUnneeded(Extent.Kind kind) {
    return kind == Extent.Kind.BAD || kind == Extent.Kind.FREE;
  }

  /**
   * A drive or a file whose unchanged pages stay untouched. It is written in place: a restore that
   * is killed leaves it partly changed, and the same restore run again completes it.
   */
  private static final class Changes extends RestoreTarget {
    private final OpenFile file;
    private final long size;
    private final boolean device;

    private final WriteClaim claim;

    Changes(Path path, String action, long size, boolean device) throws IOException {
      this.claim = WriteClaim.take(path, size, action);
      this.size = size;
      this.device = device;
      boolean opened = false;
      try {
        this.file = OpenFile.open(path, OpenFile.Use.WRITE, OpenFile.WhenInterrupted.FINISH);
        opened = true;
      } finally {
        if (!opened) {
          claim.close();
        }
      }
    }

    @Override
    void write(long position, byte[] from, int offset, int length) throws IOException {
      byte[] there = new byte[length];
      int have = file.fill(position, ByteBuffer.wrap(there));
      int at = 0;
      while (at < length) {
        int step = Math.min(STEP, length - at);
        int from0 = at;
        while (at < length && differs(from, offset + at, there, at, step, have)) {
          at += step;
          step = Math.min(STEP, length - at);
        }
        if (at > from0) {
          count(at - from0);
          file.write(position + from0, from, offset + from0, at - from0);
        } else {
          at += step;
        }
      }
    }

    private static boolean differs(byte[] a, int at, byte[] b, int bt, int length, int have) {
      return length > 0
          && (bt + length > have || !Arrays.equals(a, at, at + length, b, bt, bt + length));
    }

    @Override
    void zeros(long position, long length) throws IOException {
      long limit = position + length;
      limit = device ? limit : Math.min(limit, file.length());
      writeZeros(position, Math.max(0, limit - position));
    }

    @Override
    boolean mayKeep(Extent.Kind kind) {
      return device ? isUnneeded(kind) : kind == Extent.Kind.BAD;
    }

    @Override
    void finish() throws IOException {
      if (!device) {
        if (file.length() > size) {
          file.truncate(size);
        } else {
          file.extend(size);
        }
      }
      file.force(true);
    }

    @Override
    Optional<String> left() {
      return partlyWritten();
    }

    @Override
    public void close() {
      try {
        file.close();
      } catch (BlkshException e) {
        // finish has made it durable, or has failed
      } finally {
        claim.close();
      }
    }
  }

  /** Compares with what is there. */
  private static final class Comparison extends RestoreTarget {
    private final ReadOnlyFile file;

    Comparison(Path path) throws IOException {
      file = new ReadOnlyFile(path);
    }

    @Override
    void write(long position, byte[] from, int offset, int length) throws IOException {
      for (int at = 0; at < length; at += STEP) {
        int step = Math.min(STEP, length - at);
        boolean same =
            position + at + step <= file.size()
                && Arrays.equals(
                    file.read(position + at, step), 0, step, from, offset + at, offset + at + step);
        count(same ? 0 : step);
      }
    }

    @Override
    void zeros(long position, long length) throws IOException {
      writeZeros(position, length);
    }

    @Override
    void finish() {}

    @Override
    public void close() {
      file.close();
    }
  }

  /** Nothing is written: the image is only read and proven. */
  private static final class Nowhere extends RestoreTarget {
    @Override
    void write(long position, byte[] from, int offset, int length) {
      count(length);
    }

    @Override
    void zeros(long position, long length) {}

    @Override
    void finish() {}

    @Override
    public void close() {}
  }

  private static final class Stream extends RestoreTarget {
    private final OutputStream out;

    Stream(OutputStream out) {
      this.out = out;
    }

    @Override
    boolean ordered() {
      return true;
    }

    @Override
    void write(long position, byte[] from, int offset, int length) throws IOException {
      out.write(from, offset, length);
      count(length);
    }

    @Override
    void zeros(long position, long length) throws IOException {
      writeZeros(position, length);
    }

    @Override
    void finish() throws IOException {
      out.flush();
    }

    @Override
    public void close() {}
  }
}
