package blksh.store;

import blksh.BlkshException;
import blksh.block.DeviceGuard;
import blksh.block.Extent;
import blksh.block.PartFile;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/** Where a restore writes to. Positions are written from several threads, in no order. */
abstract class RestoreTarget implements Closeable {

  private final AtomicLong written = new AtomicLong();

  /** Bytes written so far. */
  final long writtenBytes() {
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

  /** Makes a range read as zeros. */
  abstract void zeros(long position, long length) throws IOException;

  /** Whether what is there may stay where the image has a range of this kind. */
  boolean mayKeep(Extent.Kind kind) {
    return false;
  }

  /** Makes everything durable; until now the target may be given up. */
  abstract void finish() throws IOException;

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
    if (Files.isDirectory(path)) {
      throw new BlkshException(action, "it is a directory").suggest("name a file in it");
    }
    Path directory = path.toAbsolutePath().getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw new BlkshException(action, "its directory does not exist").suggest("make it first");
    }
    boolean exists = Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    if (exists && !options.overwrite()) {
      throw new BlkshException(action, "it exists")
          .suggest("to write over it, say overwrite = true (--overwrite)");
    }
    if (options.dryRun()) {
      return options.onlyChanged() && exists ? new Comparison(path) : new Nowhere();
    }
    if (exists && !Files.isRegularFile(path)) {
      DeviceGuard.check(path, size, action);
      return new InPlace(path, size, true, options.onlyChanged());
    }
    if (exists && options.onlyChanged()) {
      return new InPlace(path, size, false, true);
    }
    return new NewFile(exists ? path.toRealPath() : path.toAbsolutePath(), size);
  }

  /** The output of a program, in order. */
  static RestoreTarget of(OutputStream out) {
    return new Stream(out);
  }

  /**
   * A new file, sparse, that appears under its name only when it is whole; a file of that name
   * stays as it was until then.
   */
  private static final class NewFile extends RestoreTarget {
    private final Path path;
    private final PartFile part;
    private final FileChannel channel;
    private boolean finished;

    NewFile(Path path, long size) throws IOException {
      this.path = path;
      Path name = path.resolveSibling("." + path.getFileName() + ".blksh" + PartFile.ENDING);
      this.part = Files.exists(name) ? PartFile.takeOver(name) : PartFile.create(name);
      if (part == null) {
        throw new BlkshException("restore to " + path, "another restore to it is running");
      }
      this.channel = part.channel();
      boolean ready = false;
      try {
        channel.truncate(0);
        if (Files.exists(path)) {
          copyPermissions();
        }
        // One byte past the end, cut off again: a file of the right size that is all hole.
        Bytes.writeAt(channel, size, new byte[1], 0, 1);
        channel.truncate(size);
        ready = true;
      } finally {
        if (!ready) {
          part.discard();
        }
      }
    }

    private void copyPermissions() throws IOException {
      PosixFileAttributeView from = Files.getFileAttributeView(path, PosixFileAttributeView.class);
      if (from != null) {
        Set<PosixFilePermission> permissions = from.readAttributes().permissions();
        Files.setPosixFilePermissions(part.path(), permissions);
      }
    }

    @Override
    void write(long position, byte[] from, int offset, int length) throws IOException {
      Bytes.writeAt(channel, position, from, offset, length);
      count(length);
    }

    @Override
    void zeros(long position, long length) {}

    @Override
    void finish() throws IOException {
      part.publish(path);
      finished = true;
    }

    @Override
    public void close() {
      if (!finished) {
        part.discard();
      }
    }
  }

  /** A drive, or a file whose unchanged parts stay untouched. */
  private static final class InPlace extends RestoreTarget {
    private static final int COMPARED = 1 << 20;

    private final FileChannel channel;
    private final long size;
    private final boolean device;
    private final boolean compare;

    InPlace(Path path, long size, boolean device, boolean compare) throws IOException {
      this.channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
      this.size = size;
      this.device = device;
      this.compare = compare;
    }

    @Override
    void write(long position, byte[] from, int offset, int length) throws IOException {
      if (!compare) {
        Bytes.writeAt(channel, position, from, offset, length);
        count(length);
        return;
      }
      byte[] there = new byte[length];
      int have = readUpTo(position, there, length);
      int at = 0;
      while (at < length) {
        int step = Math.min(Page.SIZE, length - at);
        int from0 = at;
        while (at < length && differs(from, offset + at, there, at, step, have)) {
          at += step;
          step = Math.min(Page.SIZE, length - at);
        }
        if (at > from0) {
          Bytes.writeAt(channel, position + from0, from, offset + from0, at - from0);
          count(at - from0);
        } else {
          at += step;
        }
      }
    }

    private static boolean differs(byte[] a, int at, byte[] b, int bt, int length, int have) {
      return length > 0
          && (bt + length > have || !Arrays.equals(a, at, at + length, b, bt, bt + length));
    }

    private int readUpTo(long position, byte[] to, int length) throws IOException {
      java.nio.ByteBuffer buffer = java.nio.ByteBuffer.wrap(to, 0, length);
      while (buffer.hasRemaining() && channel.read(buffer, position + buffer.position()) >= 0) {
        // until full or at the end
      }
      return buffer.position();
    }

    @Override
    void zeros(long position, long length) throws IOException {
      byte[] zeros = new byte[(int) Math.min(COMPARED, length)];
      long end = position + length;
      long limit = device || !compare ? end : Math.min(end, channel.size());
      for (long at = position; at < limit; at += zeros.length) {
        write(at, zeros, 0, (int) Math.min(zeros.length, limit - at));
      }
    }

    /** What no file system uses and what nobody could read need not be written over a drive. */
    @Override
    boolean mayKeep(Extent.Kind kind) {
      return kind == Extent.Kind.BAD || (device && kind == Extent.Kind.FREE);
    }

    @Override
    void finish() throws IOException {
      if (!device) {
        if (channel.size() > size) {
          channel.truncate(size);
        } else if (channel.size() < size) {
          Bytes.writeAt(channel, size - 1, new byte[1], 0, 1);
        }
      }
      channel.force(true);
    }

    @Override
    public void close() {
      try {
        channel.close();
      } catch (IOException e) {
        // finish has made it durable, or has failed
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
      for (int at = 0; at < length; at += Page.SIZE) {
        int step = Math.min(Page.SIZE, length - at);
        boolean same =
            position + at + step <= file.size()
                && Arrays.equals(
                    file.read(position + at, step), 0, step, from, offset + at, offset + at + step);
        count(same ? 0 : step);
      }
    }

    @Override
    void zeros(long position, long length) throws IOException {
      for (long at = position; at < position + length; at += Page.SIZE) {
        write(at, Page.ZEROS, 0, (int) Math.min(Page.SIZE, position + length - at));
      }
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
      byte[] zeros = new byte[(int) Math.min(1 << 16, length)];
      for (long left = length; left > 0; left -= zeros.length) {
        write(position, zeros, 0, (int) Math.min(zeros.length, left));
      }
    }

    @Override
    void finish() throws IOException {
      out.flush();
    }

    @Override
    public void close() {}
  }
}
