package blksh.io;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.task.CancelledException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;

/**
 * A file or device held open for reading at positions by any number of threads. Its size is the one
 * it had when opened.
 *
 * <p>Interrupting a thread that reads closes the channel underneath; the interrupted call is
 * cancelled and every other one goes on with a channel opened anew, on the same file or not at all.
 */
public final class OpenFile implements Closeable {

  /** Largest single transfer, in bytes: the JDK keeps a buffer of that size for each thread. */
  private static final int LARGEST_TRANSFER = 1 << 20;

  private final Path path;

  /** Device and inode number: what the path led to when it was opened. */
  private final Object key;

  private final long size;
  private volatile FileChannel channel;
  private boolean closed;

  private OpenFile(Path path, Object key, FileChannel channel, long size) {
    this.path = path;
    this.key = key;
    this.channel = channel;
    this.size = size;
  }

  /**
   * @throws BlkshException when it cannot be opened for reading
   */
  public static OpenFile open(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    try {
      while (true) {
        Object before = keyOf(absolute);
        FileChannel channel = FileChannel.open(absolute, StandardOpenOption.READ);
        if (Objects.equals(before, keyOf(absolute))) {
          return new OpenFile(absolute, before, channel, channel.size());
        }
        channel.close();
      }
    } catch (IOException e) {
      throw failure("open " + path, e);
    }
  }

  /** A failed system call on a path, told for people. */
  public static BlkshException failure(String action, IOException e) {
    if (e instanceof NoSuchFileException) {
      return new BlkshException(action, "there is no such file or device", e);
    }
    if (e instanceof AccessDeniedException) {
      return new BlkshException(action, "permission denied", e)
          .suggest("run as a user who may read it, such as root");
    }
    String reason = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
    return new BlkshException(action, reason == null ? e.getClass().getSimpleName() : reason, e);
  }

  public Path path() {
    return path;
  }

  public Object key() {
    return key;
  }

  public long size() {
    return size;
  }

  /** Reads as {@link BlockSource#read} promises. */
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    int wanted = (int) Math.min(target.remaining(), Math.max(0, size - position));
    int limit = target.limit();
    int done = 0;
    try {
      while (done < wanted) {
        target.limit(target.position() + Math.min(wanted - done, LARGEST_TRANSFER));
        int count = transfer(position + done, target);
        if (count <= 0) {
          throw new UnreadableException(
              path.toString(),
              position + done,
              wanted - done,
              "it ends there now, but had %d bytes when it was opened".formatted(size),
              null);
        }
        done += count;
      }
      return done;
    } catch (IOException e) {
      throw new UnreadableException(
          path.toString(), position + done, wanted - done, e.getMessage(), e);
    } finally {
      target.limit(limit);
    }
  }

  private int transfer(long position, ByteBuffer target) throws IOException {
    while (true) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancelledException("read " + path);
      }
      FileChannel current = channel;
      try {
        return current.read(target, position);
      } catch (ClosedByInterruptException e) {
        throw new CancelledException("read " + path);
      } catch (ClosedChannelException e) {
        replace(current);
      }
    }
  }

  /** Opens the file anew in place of a channel that some interrupted reader lost. */
  private synchronized void replace(FileChannel lost) throws IOException {
    if (closed) {
      throw new BlkshException("read " + path, "it was closed");
    }
    if (channel != lost) {
      return;
    }
    FileChannel fresh = FileChannel.open(path, StandardOpenOption.READ);
    if (!key.equals(keyOf(path))) {
      fresh.close();
      throw new IOException("another file took its place while it was open");
    }
    channel = fresh;
  }

  private static Object keyOf(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
  }

  @Override
  public synchronized void close() {
    closed = true;
    try {
      channel.close();
    } catch (IOException e) {
      throw failure("close " + path, e);
    }
  }
}
