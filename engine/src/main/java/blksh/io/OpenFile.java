package blksh.io;

import blksh.BlkshException;
import blksh.task.CancelledException;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.util.Objects;
import java.util.Set;

/**
 * A file or device held open, to be read and written at positions by any number of threads.
 *
 * <p>Interrupting a thread in the middle of a call closes the channel underneath. Its own call is
 * cancelled or goes on, as {@link WhenInterrupted} says; every other goes on with a channel opened
 * anew, on the same file or not at all.
 */
public final class OpenFile implements Closeable {

  /** Largest single transfer, in bytes: the JDK keeps a buffer of that size for each thread. */
  private static final int LARGEST_TRANSFER = 1 << 20;

  /** What becomes of the call of a thread that is interrupted. */
  public enum WhenInterrupted {
    /** It ends with {@link CancelledException}. */
    CANCEL,
    /** It goes on to its end, and the thread is interrupted then as before. */
    FINISH
  }

  /** For what a file is opened, and whether it must be there. */
  public enum Use {
    READ(StandardOpenOption.READ),
    /** To read and write what is there. */
    WRITE(StandardOpenOption.READ, StandardOpenOption.WRITE),
    /** To read and write what is there, or is made. */
    CREATE(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE),
    /** To read and write what is made; nothing may be there. */
    CREATE_NEW(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);

    private final Set<OpenOption> options;

    Use(OpenOption... options) {
      this.options = Set.of(options);
    }

    private Use again() {
      return this == READ ? READ : WRITE;
    }
  }

  private final Path path;

  /** Device and inode number: what the path led to when it was opened. */
  private final Object key;

  private final Use use;
  private final WhenInterrupted whenInterrupted;

  /** The claim whose file is locked; null when it is open to others too. */
  private final FileClaim claim;

  private final long size;
  private volatile FileChannel channel;
  private boolean closed;

  private OpenFile(
      Path path,
      Object key,
      Use use,
      WhenInterrupted whenInterrupted,
      FileClaim claim,
      FileChannel channel)
      throws IOException {
    this.path = path;
    this.key = key;
    this.use = use;
    this.whenInterrupted = whenInterrupted;
    this.claim = claim;
    this.channel = channel;
    boolean interrupted = Thread.interrupted();
    try {
      this.size = channel.size();
    } finally {
      end(interrupted);
    }
  }

  /**
   * Opens for reading; interrupts cancel.
   *
   * @throws BlkshException when it cannot be opened
   */
  public static OpenFile open(Path path) {
    try {
      return open(path, Use.READ, WhenInterrupted.CANCEL);
    } catch (IOException e) {
      throw IoFailure.told("open " + path, e);
    }
  }

  /**
   * Opens, or makes, a file.
   *
   * @param attributes of a file that is made
   */
  public static OpenFile open(
      Path path, Use use, WhenInterrupted whenInterrupted, FileAttribute<?>... attributes)
      throws IOException {
    Path absolute = path.toAbsolutePath().normalize();
    while (true) {
      Object before = FileClaim.inode(absolute);
      FileChannel channel = before == null || use != Use.READ ? null : FileClaim.idle(before);
      channel = channel == null ? FileChannel.open(absolute, use.options, attributes) : channel;
      Object after = FileClaim.inode(absolute);
      if (after != null && (before == null || before.equals(after))) {
        return new OpenFile(absolute, after, use, whenInterrupted, null, channel);
      }
      channel.close();
    }
  }

  /**
   * Opens, or makes, a file that nobody else may claim as long as it is open: no other process, nor
   * any other part of this one.
   *
   * @param attributes of a file that is made
   * @return null when somebody has claimed it, or another file has just taken its place
   */
  public static OpenFile claim(
      Path path, Use use, WhenInterrupted whenInterrupted, FileAttribute<?>... attributes)
      throws IOException {
    Path absolute = path.toAbsolutePath();
    FileClaim claim = FileClaim.take(absolute, path);
    if (claim == null) {
      return null;
    }
    FileChannel channel = null;
    OpenFile file = null;
    Object key = null;
    try {
      Object before = FileClaim.inode(absolute);
      channel = FileChannel.open(absolute, use.options, attributes);
      key = before == null ? FileClaim.inode(absolute) : before;
      // Until it is locked it may have got another name, and another file its own.
      if (key != null
          && claim.made(key)
          && lock(channel)
          && key.equals(FileClaim.inode(absolute))
          && Descriptors.haveOpen(absolute)) {
        file = new OpenFile(absolute, key, use, whenInterrupted, claim, channel);
      }
      return file;
    } finally {
      if (file == null) {
        if (channel != null) {
          FileClaim.close(key, channel);
        }
        claim.release();
      }
    }
  }

  private static boolean lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  public Path path() {
    return path;
  }

  public Object key() {
    return key;
  }

  /** Bytes it had when it was opened. */
  public long size() {
    return size;
  }

  /** Bytes it has now. */
  public long length() throws IOException {
    return call("read ", FileChannel::size);
  }

  FileChannel channel() {
    return channel;
  }

  // ---- reading -------------------------------------------------------------------------------

  /** Reads of the bytes it had when it was opened, as sources promise to. */
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    int wanted = (int) Math.min(target.remaining(), Math.max(0, size - position));
    int limit = target.limit();
    int start = target.position();
    try {
      target.limit(start + wanted);
      if (fill(position, target) < wanted) {
        int done = target.position() - start;
        throw new UnreadableException(
            path.toString(),
            position + done,
            wanted - done,
            "it ends there now, but had %d bytes when it was opened".formatted(size),
            null);
      }
      return wanted;
    } catch (ClosedChannelException e) {
      throw IoFailure.told("read " + path, e);
    } catch (IOException e) {
      int done = target.position() - start;
      throw new UnreadableException(
          path.toString(), position + done, wanted - done, e.getMessage(), e);
    } finally {
      target.limit(limit);
    }
  }

  /**
   * Fills a buffer up to its limit, or to the end of the file.
   *
   * @return bytes read
   */
  public int fill(long position, ByteBuffer target) throws IOException {
    int start = target.position();
    int limit = target.limit();
    boolean direct = target.isDirect();
    try {
      while (target.position() < limit) {
        int at = target.position();
        target.limit(direct ? limit : Math.min(limit, at + LARGEST_TRANSFER));
        if (transfer(position + at - start, target) <= 0) {
          break;
        }
      }
      return target.position() - start;
    } finally {
      target.limit(limit);
    }
  }

  private int transfer(long position, ByteBuffer target) throws IOException {
    boolean interrupted = begin("read ");
    try {
      while (true) {
        FileChannel current = channel;
        try {
          return current.read(target, position);
        } catch (ClosedChannelException e) {
          interrupted |= recover("read ", current, e);
        }
      }
    } finally {
      end(interrupted);
    }
  }

  /**
   * Fills a buffer up to its limit.
   *
   * @throws EOFException when the file ends before
   */
  public void readFully(long position, ByteBuffer target) throws IOException {
    int wanted = target.remaining();
    if (fill(position, target) < wanted) {
      throw new EOFException("file ends at byte " + length());
    }
  }

  /**
   * Reads exactly {@code length} bytes.
   *
   * @throws EOFException when the file ends before
   */
  public void readFully(long position, byte[] to, int offset, int length) throws IOException {
    readFully(position, ByteBuffer.wrap(to, offset, length));
  }

  /**
   * Exactly {@code length} bytes.
   *
   * @throws EOFException when the file ends before
   */
  public byte[] readFully(long position, int length) throws IOException {
    byte[] bytes = new byte[length];
    readFully(position, bytes, 0, length);
    return bytes;
  }

  // ---- writing -------------------------------------------------------------------------------

  /** Writes all that remains of a buffer. */
  public void write(long position, ByteBuffer bytes) throws IOException {
    int start = bytes.position();
    int limit = bytes.limit();
    boolean direct = bytes.isDirect();
    try {
      while (bytes.position() < limit) {
        int at = bytes.position();
        bytes.limit(direct ? limit : Math.min(limit, at + LARGEST_TRANSFER));
        transferOut(position + at - start, bytes);
      }
    } finally {
      bytes.limit(limit);
    }
  }

  private void transferOut(long position, ByteBuffer bytes) throws IOException {
    boolean interrupted = begin("write to ");
    try {
      while (true) {
        FileChannel current = channel;
        try {
          current.write(bytes, position);
          return;
        } catch (ClosedChannelException e) {
          interrupted |= recover("write to ", current, e);
        }
      }
    } finally {
      end(interrupted);
    }
  }

  /** Writes {@code length} bytes. */
  public void write(long position, byte[] from, int offset, int length) throws IOException {
    write(position, ByteBuffer.wrap(from, offset, length));
  }

  /** Makes it at least so long; what is added is a hole. */
  public void extend(long length) throws IOException {
    if (length() < length) {
      write(length - 1, ByteBuffer.allocate(1));
    }
  }

  /** Cuts off what is beyond a length. */
  public void truncate(long length) throws IOException {
    call("write to ", current -> current.truncate(length));
  }

  /**
   * Returns when everything written before is on the medium.
   *
   * @param metadata whether the times of the file matter too
   */
  public void force(boolean metadata) throws IOException {
    call(
        "write to ",
        current -> {
          current.force(metadata);
          return null;
        });
  }

  /** A part of it in memory, which stays there when the file is closed. */
  public MappedByteBuffer map(FileChannel.MapMode mode, long position, long length)
      throws IOException {
    return call("map ", current -> current.map(mode, position, length));
  }

  /**
   * Locks bytes of it, which need not be there, against other processes. The lock is lost when a
   * thread is interrupted in a call: whoever locks keeps interrupts away.
   *
   * @return null when another process has them locked
   */
  public FileLock tryLock(long position, long length, boolean shared) throws IOException {
    return channel.tryLock(position, length, shared);
  }

  /** As {@link #tryLock}, but waits. */
  public FileLock lock(long position, long length, boolean shared) throws IOException {
    return channel.lock(position, length, shared);
  }

  // ---- interrupts ----------------------------------------------------------------------------

  private interface Call<T> {
    T on(FileChannel channel) throws IOException;
  }

  private <T> T call(String verb, Call<T> call) throws IOException {
    boolean interrupted = begin(verb);
    try {
      while (true) {
        FileChannel current = channel;
        try {
          return call.on(current);
        } catch (ClosedChannelException e) {
          interrupted |= recover(verb, current, e);
        }
      }
    } finally {
      end(interrupted);
    }
  }

  /** Whether the thread is interrupted, and is to be so again after the call. */
  private boolean begin(String verb) {
    if (whenInterrupted == WhenInterrupted.FINISH) {
      return Thread.interrupted();
    }
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException(verb + path);
    }
    return false;
  }

  private static void end(boolean interrupted) {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Opens the file anew in place of a channel that was lost; whether this thread lost it. */
  private boolean recover(String verb, FileChannel lost, ClosedChannelException cause)
      throws IOException {
    boolean own = cause instanceof ClosedByInterruptException;
    if (own && whenInterrupted == WhenInterrupted.CANCEL) {
      throw new CancelledException(verb + path);
    }
    boolean interrupted = own && Thread.interrupted();
    try {
      replace(lost);
    } catch (IOException | RuntimeException e) {
      end(interrupted);
      throw e;
    }
    return interrupted;
  }

  private synchronized void replace(FileChannel lost) throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
    if (channel != lost) {
      return;
    }
    FileChannel fresh = FileChannel.open(path, use.again().options);
    String problem = null;
    if (!Objects.equals(key, FileClaim.inode(path))) {
      problem = "another file took its place while it was open";
    } else if (claim != null && !lock(fresh)) {
      problem = "another process has taken it";
    }
    if (problem != null) {
      fresh.close();
      throw new IOException(problem);
    }
    channel = fresh;
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      if (claim != null) {
        channel.close();
      } else if (use == Use.READ) {
        FileClaim.closeReading(key, channel);
      } else {
        FileClaim.close(key, channel);
      }
    } catch (IOException e) {
      throw IoFailure.told("close " + path, e);
    } finally {
      if (claim != null) {
        claim.release();
      }
    }
  }
}
