package blksh.block;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.task.CancelledException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.Objects;

/**
 * Bytes that arrive once, in order, and nobody knows how many: standard input, a pipe, a socket.
 * Used by one thread at a time.
 */
public final class BlockStream implements Closeable {

  private final InputStream input;
  private final SourceInfo info;
  private long position;

  /**
   * @param input closed with the stream
   */
  public BlockStream(InputStream input, SourceInfo info) {
    this.input = input;
    this.info = info;
  }

  /**
   * Fills a part of a buffer with the bytes that come next, waiting for them; short only at the
   * end.
   *
   * @return bytes read: {@code length}, or less at the end, 0 when it was reached before
   * @throws BlkshException when the stream breaks, naming the first byte that did not arrive
   * @throws CancelledException when the thread was interrupted while waiting
   */
  public int read(byte[] buffer, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    int done = 0;
    try {
      while (done < length) {
        int count = input.read(buffer, offset + done, length - done);
        if (count < 0) {
          break;
        }
        done += count;
        position += count;
      }
      return done;
    } catch (ClosedByInterruptException | InterruptedIOException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("read " + info.location());
    } catch (IOException e) {
      throw IoFailure.told("read " + info.location(), e).at(position);
    }
  }

  /** Bytes read so far. */
  public long position() {
    return position;
  }

  /** What this is, for people. */
  public SourceInfo describe() {
    return info;
  }

  @Override
  public void close() {
    try {
      input.close();
    } catch (IOException e) {
      throw IoFailure.told("close " + info.location(), e);
    }
  }
}
