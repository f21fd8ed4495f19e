package blksh.block;

import blksh.BlkshException;
import blksh.io.BlockDevice;
import blksh.io.DeviceGuard;
import blksh.io.OpenFile;
import blksh.task.CancelledException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;

/** A file or block device that is read and written in place. Its size does not change. */
public final class WritableFile implements WritableSource {

  private static final int CHUNK = 1 << 20;

  private final BlockSource source;
  private final Path path;
  private volatile FileChannel channel;
  private boolean closed;

  private WritableFile(BlockSource source, Path path, FileChannel channel) {
    this.source = source;
    this.path = path;
    this.channel = channel;
  }

  /**
   * @throws BlkshException when it cannot be opened, or is a drive that is mounted, in use or
   *     read-only
   */
  public static WritableFile open(Path path) {
    BlockSource source = BlockSources.open(path);
    try {
      if (BlockDevice.isAt(path)) {
        DeviceGuard.check(path, source.size(), "write to " + path);
      }
      return new WritableFile(source, path, channel(path));
    } catch (IOException e) {
      source.close();
      throw OpenFile.failure("write to " + path, e);
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private static FileChannel channel(Path path) throws IOException {
    return FileChannel.open(path, StandardOpenOption.WRITE);
  }

  private interface Call {
    void on(FileChannel channel) throws IOException;
  }

  /** One call; an interrupt cancels that call only, and the others go on with a new channel. */
  private void call(long position, Call call) {
    while (true) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancelledException("write to " + path);
      }
      FileChannel current = channel;
      try {
        call.on(current);
        return;
      } catch (ClosedByInterruptException e) {
        throw new CancelledException("write to " + path);
      } catch (ClosedChannelException e) {
        replace(current);
      } catch (IOException e) {
        throw OpenFile.failure("write to " + path, e).at(position);
      }
    }
  }

  private synchronized void replace(FileChannel lost) {
    if (closed) {
      throw new BlkshException("write to " + path, "it was closed");
    }
    try {
      if (channel == lost) {
        channel = channel(path);
      }
    } catch (IOException e) {
      throw OpenFile.failure("write to " + path, e);
    }
  }

  @Override
  public long size() {
    return source.size();
  }

  @Override
  public int sectorSize() {
    return source.sectorSize();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    return source.read(position, target);
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    return source.extents(position, length);
  }

  @Override
  public void write(long position, ByteBuffer bytes) {
    checkInside(position, bytes.remaining());
    long at = position;
    int limit = bytes.limit();
    try {
      while (bytes.position() < limit) {
        bytes.limit(Math.min(limit, bytes.position() + CHUNK));
        int before = bytes.position();
        long from = at;
        call(from, current -> current.write(bytes, from));
        at += bytes.position() - before;
      }
    } finally {
      bytes.limit(limit);
    }
  }

  private void checkInside(long position, long length) {
    if (position < 0 || length < 0 || position > size() - length) {
      throw new BlkshException(
              "write to " + path, "%d bytes do not fit, it has %d".formatted(length, source.size()))
          .at(position);
    }
  }

  @Override
  public void zero(long position, long length) {
    checkInside(position, length);
    ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(CHUNK, length));
    for (long at = position; at < position + length; at += zeros.limit()) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), position + length - at));
      write(at, zeros);
    }
  }

  @Override
  public void sync() {
    call(0, current -> current.force(true));
  }

  @Override
  public SourceInfo describe() {
    return source.describe();
  }

  @Override
  public synchronized void close() {
    closed = true;
    try {
      channel.close();
    } catch (IOException e) {
      throw OpenFile.failure("close " + path, e);
    } finally {
      source.close();
    }
  }
}
