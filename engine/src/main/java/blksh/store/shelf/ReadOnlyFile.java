package blksh.store.shelf;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file read at positions, from any thread. An interrupt of a reading thread closes a channel
 * under everybody who uses it; this opens it again, so the reader finishes and keeps its interrupt.
 */
public final class ReadOnlyFile implements Blob {

  private final Path path;
  private volatile FileChannel channel;
  private volatile boolean closed;

  public ReadOnlyFile(Path path) throws IOException {
    this.path = path;
    this.channel = FileChannel.open(path, StandardOpenOption.READ);
  }

  /** A view of a channel that is open anyway, and stays open. */
  public ReadOnlyFile(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  @Override
  public long size() throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        FileChannel used = channel;
        try {
          return used.size();
        } catch (ClosedChannelException e) {
          interrupted |= reopen(used, e);
        }
      }
    } finally {
      restore(interrupted);
    }
  }

  @Override
  public void read(long position, ByteBuffer buffer) throws IOException {
    int start = buffer.position();
    boolean interrupted = false;
    try {
      while (buffer.hasRemaining()) {
        FileChannel used = channel;
        try {
          if (used.read(buffer, position + buffer.position() - start) < 0) {
            throw new EOFException("file ends at byte " + used.size());
          }
        } catch (ClosedChannelException e) {
          interrupted |= reopen(used, e);
        }
      }
    } finally {
      restore(interrupted);
    }
  }

  /** True when the calling thread was interrupted; its flag is cleared so that it can go on. */
  private boolean reopen(FileChannel stale, ClosedChannelException cause) throws IOException {
    boolean interrupted = cause instanceof ClosedByInterruptException && Thread.interrupted();
    synchronized (this) {
      if (closed) {
        restore(interrupted);
        throw cause;
      }
      if (channel == stale) {
        channel = FileChannel.open(path, StandardOpenOption.READ);
      }
    }
    return interrupted;
  }

  private static void restore(boolean interrupted) {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      try {
        channel.close();
      } catch (IOException e) {
        // read-only: nothing is lost
      }
    }
  }
}
