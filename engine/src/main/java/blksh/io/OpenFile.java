package blksh.io;

import blksh.BlkshException;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
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

  /** What holds bytes at positions. */
  private static final Set<FileType> DATA = Set.of(FileType.REGULAR, FileType.BLOCK_DEVICE);

  private static final Set<FileType> PLAIN = Set.of(FileType.REGULAR);

  /** What becomes of the call of a thread that is interrupted. */
  public enum WhenInterrupted {
    /** It ends with {@link blksh.task.CancelledException}. */
    CANCEL,
    /** It goes on to its end, and the thread is interrupted then as before. */
    FINISH
  }

  /** For what a file is opened, whether it must be there, and what it may be. */
  public enum Use {
    /** To read a file or a block device, also through a link. */
    READ(DATA, StandardOpenOption.READ),
    /** To read and write what is there. */
    WRITE(DATA, StandardOpenOption.READ, StandardOpenOption.WRITE),
    /** To read and write what is there, or is made. */
    CREATE(DATA, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE),
    /** To read and write what is made; nothing may be there. */
    CREATE_NEW(
        DATA, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
    /** To read a file of this very name, which no link may stand for. */
    READ_PLAIN(PLAIN, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS),
    /** To read and write one that is there. */
    WRITE_PLAIN(
        PLAIN, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
    /** To read and write one that is there, or is made. */
    CREATE_PLAIN(
        PLAIN,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE,
        StandardOpenOption.CREATE,
        LinkOption.NOFOLLOW_LINKS),
    /** To make the entries of a directory durable. */
    DIRECTORY(Set.of(FileType.DIRECTORY), StandardOpenOption.READ);

    private final Set<FileType> allowed;
    private final Set<OpenOption> options;

    Use(Set<FileType> allowed, OpenOption... options) {
      this.allowed = allowed;
      this.options = Set.of(options);
    }

    /** What opens it anew, once it is there. */
    Use again() {
      return switch (this) {
        case READ, READ_PLAIN, DIRECTORY -> this;
        case WRITE, CREATE, CREATE_NEW -> WRITE;
        case WRITE_PLAIN, CREATE_PLAIN -> WRITE_PLAIN;
      };
    }

    boolean isReading() {
      return !options.contains(StandardOpenOption.WRITE);
    }

    /**
     * Opens a channel, once what is there was looked at.
     *
     * @param attributes of a file that is made; nobody else may use it unless they say so
     * @throws NoPlainFileException when it is what such a use is not made for
     * @throws FileSystemException when it would be made where devices are
     */
    FileChannel channel(Path path, FileAttribute<?>... attributes) throws IOException {
      look(path);
      return FileChannel.open(
          path, options, attributes.length == 0 ? OwnerOnly.file() : attributes);
    }

    private void look(Path path) throws IOException {
      FileType found = FileType.of(path, LinkOption.NOFOLLOW_LINKS);
      if (found == FileType.LINK && !options.contains(LinkOption.NOFOLLOW_LINKS)) {
        found = FileType.of(path);
        if (found == null) {
          throw new NoPlainFileException(path, FileType.LINK);
        }
      }
      if (found == null && !again().options.equals(options)) {
        DeviceDirectory.requireElsewhere(path);
      }
      if (found != null && this != CREATE_NEW && !allowed.contains(found)) {
        throw new NoPlainFileException(path, found);
      }
    }
  }

  private final LastingChannel channel;
  private final long size;

  private final Object forcing = new Object();

  /** Why what was written is not durable and never will be; null while nothing failed. */
  private IOException lost;

  private OpenFile(LastingChannel channel) throws IOException {
    this.channel = channel;
    boolean interrupted = Thread.interrupted();
    try {
      this.size = channel.current().size();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
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
   * @param attributes of a file that is made; without any it is its owner's alone
   * @throws NoPlainFileException when it is what such a use is not made for, as a pipe
   */
  public static OpenFile open(
      Path path, Use use, WhenInterrupted whenInterrupted, FileAttribute<?>... attributes)
      throws IOException {
    Path absolute = path.toAbsolutePath().normalize();
    while (true) {
      Object before = FileClaim.inode(absolute);
      FileChannel channel = before == null || use != Use.READ ? null : FileClaim.idle(before);
      channel = channel == null ? use.channel(absolute, attributes) : channel;
      Object after = FileClaim.inode(absolute);
      if (after != null && (before == null || before.equals(after))) {
        return new OpenFile(
            new LastingChannel(absolute, after, use, whenInterrupted, null, channel));
      }
      channel.close();
    }
  }

  /**
   * Opens, or makes, a file that nobody else may claim as long as it is open: no other process, nor
   * any other part of this one.
   *
   * @param attributes of a file that is made; without any it is its owner's alone
   * @return null when somebody has claimed it, or another file has just taken its place
   * @throws NoPlainFileException when it is what such a use is not made for, as a pipe
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
      channel = use.channel(absolute, attributes);
      key = before == null ? FileClaim.inode(absolute) : before;
      // Until it is locked it may have got another name, and another file its own.
      if (key != null
          && claim.made(key)
          && LastingChannel.lock(channel)
          && key.equals(FileClaim.inode(absolute))
          && Descriptors.haveOpen(absolute)) {
        file =
            new OpenFile(new LastingChannel(absolute, key, use, whenInterrupted, claim, channel));
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

  public Path path() {
    return channel.path();
  }

  public Object key() {
    return channel.key();
  }

  /** Bytes it had when it was opened. */
  public long size() {
    return size;
  }

  /** Bytes it has now. */
  public long length() throws IOException {
    return channel.call("read ", FileChannel::size);
  }

  FileChannel channel() {
    return channel.current();
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
        throw new EndedException(path().toString(), position + done, wanted - done, size, null);
      }
      return wanted;
    } catch (ClosedChannelException e) {
      throw IoFailure.told("read " + path(), e);
    } catch (IOException e) {
      int done = target.position() - start;
      throw isGoneAt(position + done)
          ? new EndedException(path().toString(), position + done, wanted - done, size, e)
          : new UnreadableException(
              path().toString(), position + done, wanted - done, e.getMessage(), e);
    } finally {
      target.limit(limit);
    }
  }

  /** Whether it has no such byte any more, as a drive that was pulled has none. */
  private boolean isGoneAt(long position) {
    try {
      return length() <= position;
    } catch (IOException e) {
      return false;
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
        long from = position + at - start;
        if (channel.call("read ", current -> current.read(target, from)) <= 0) {
          break;
        }
      }
      return target.position() - start;
    } finally {
      target.limit(limit);
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
        long to = position + at - start;
        channel.call("write to ", current -> current.write(bytes, to));
      }
    } finally {
      bytes.limit(limit);
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
    channel.call("write to ", current -> current.truncate(length));
  }

  /**
   * Returns when everything written before is on the medium. Once that has failed it never succeeds
   * again: the kernel has dropped what it could not write, and would call the next try a success.
   *
   * @param metadata whether the times of the file matter too
   */
  public void force(boolean metadata) throws IOException {
    // One after the other: the kernel tells of a failure once.
    synchronized (forcing) {
      if (lost != null) {
        throw new IOException(lost.getMessage(), lost);
      }
      try {
        channel.call(
            "write to ",
            current -> {
              current.force(metadata);
              return null;
            });
      } catch (IOException e) {
        lost = e;
        throw e;
      }
    }
  }

  /**
   * Counts as lost what was written before a {@link #force} that failed, so that what is written
   * from now on can be made durable.
   */
  public void writeOff() {
    synchronized (forcing) {
      lost = null;
    }
  }

  /** A part of it in memory, which stays there when the file is closed. */
  public MappedByteBuffer map(FileChannel.MapMode mode, long position, long length)
      throws IOException {
    return channel.call("map ", current -> current.map(mode, position, length));
  }

  /**
   * Locks bytes of it, which need not be there, against other processes. The lock is lost when a
   * thread is interrupted in a call: whoever locks keeps interrupts away.
   *
   * @return null when another process has them locked
   */
  public FileLock tryLock(long position, long length, boolean shared) throws IOException {
    return channel.current().tryLock(position, length, shared);
  }

  /** As {@link #tryLock}, but waits. */
  public FileLock lock(long position, long length, boolean shared) throws IOException {
    return channel.current().lock(position, length, shared);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw IoFailure.told("close " + path(), e);
    }
  }
}
