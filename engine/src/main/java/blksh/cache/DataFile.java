package blksh.cache;

import blksh.BlkshException;
import blksh.task.CancelledException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The bytes of a cache: a sparse file as large as the source, locked against other processes.
 *
 * <p>Interrupting a thread in the middle of a call closes the channel underneath; that call is
 * cancelled and all others go on with a channel opened anew.
 */
final class DataFile implements Closeable {

  private final Path path;
  private volatile FileChannel channel;
  private boolean closed;

  private DataFile(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /** Opens or makes the file. */
  static DataFile open(Path path) {
    try {
      return new DataFile(path, locked(path));
    } catch (IOException e) {
      throw failure("open cache " + path, e);
    }
  }

  private static FileChannel locked(Path path) throws IOException {
    FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    boolean free = false;
    try {
      free = channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      throw inUse(path);
    } finally {
      if (!free) {
        channel.close();
      }
    }
    if (!free) {
      throw inUse(path);
    }
    return channel;
  }

  private static BlkshException inUse(Path path) {
    return new BlkshException("open cache " + path, "another process or session uses it")
        .suggest("close it there first");
  }

  private static BlkshException failure(String action, IOException e) {
    return new BlkshException(action, String.valueOf(e.getMessage()), e);
  }

  /** One call on the open channel. */
  private interface Call<T> {
    T on(FileChannel channel) throws IOException;
  }

  private <T> T call(Call<T> call) throws IOException {
    while (true) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancelledException("use cache " + path);
      }
      FileChannel current = channel;
      try {
        return call.on(current);
      } catch (ClosedByInterruptException e) {
        throw new CancelledException("use cache " + path);
      } catch (ClosedChannelException e) {
        replace(current);
      }
    }
  }

  private synchronized void replace(FileChannel lost) throws IOException {
    if (closed) {
      throw new BlkshException("use cache " + path, "it was closed");
    }
    if (channel == lost) {
      channel = locked(path);
    }
  }

  Path path() {
    return path;
  }

  long size() {
    try {
      return call(FileChannel::size);
    } catch (IOException e) {
      throw failure("open cache " + path, e);
    }
  }

  /** Makes the file as large as the source; what is added is a hole. */
  void grow(long size) {
    try {
      call(
          current ->
              size > current.size() ? current.write(ByteBuffer.wrap(new byte[1]), size - 1) : 0);
    } catch (IOException e) {
      throw failure("make cache " + path, e);
    }
  }

  /** Fills the target with bytes that were written before. */
  void read(long position, ByteBuffer target) {
    long at = position;
    try {
      while (target.hasRemaining()) {
        long from = at;
        int count = call(current -> current.read(target, from));
        if (count < 0) {
          throw new BlkshException("read cache " + path, "it was cut short behind our back").at(at);
        }
        at += count;
      }
    } catch (IOException e) {
      throw failure("read cache " + path, e).at(at);
    }
  }

  /** Writes all of the source. */
  void write(long position, ByteBuffer source) throws IOException {
    long at = position;
    while (source.hasRemaining()) {
      long from = at;
      at += call(current -> current.write(source, from));
    }
  }

  /** Returns when everything written before is durable. */
  void force() throws IOException {
    call(
        current -> {
          current.force(false);
          return null;
        });
  }

  @Override
  public synchronized void close() {
    closed = true;
    try {
      channel.close();
    } catch (IOException e) {
      throw failure("close cache " + path, e);
    }
  }
}
