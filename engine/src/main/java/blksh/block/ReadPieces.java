package blksh.block;

import blksh.io.UnreadableException;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * A source read from its beginning in equal pieces, one piece ahead of who takes them, by a thread
 * of its own. Holds two pieces. Used by one thread.
 */
final class ReadPieces implements Closeable {

  private final BlockSource source;
  private final long end;
  private final int length;
  private final byte[][] buffers;
  private final ExecutorService reader =
      Executors.newSingleThreadExecutor(
          work -> {
            Thread thread = new Thread(work, "blksh-read-ahead");
            thread.setDaemon(true);
            return thread;
          });
  private Future<Piece> ahead;
  private long position;
  private int turn;

  /**
   * A part of the source.
   *
   * @param bytes holds it from index 0 on; valid until the piece after the next is asked for
   * @param length bytes of it, less than those of others only at the end
   * @param zero whether it was known to be zeros and not read
   */
  record Piece(byte[] bytes, int length, boolean zero) {}

  /**
   * @param end the first byte that is not wanted
   * @param length bytes of a piece
   */
  ReadPieces(BlockSource source, long end, int length) {
    this.source = source;
    this.end = end;
    this.length = length;
    this.buffers = new byte[2][(int) Math.min(length, Math.max(1, end))];
    readOn();
  }

  private void readOn() {
    if (position < end) {
      long at = position;
      byte[] buffer = buffers[turn];
      int wanted = (int) Math.min(length, end - at);
      turn = 1 - turn;
      position = at + wanted;
      ahead = reader.submit(() -> read(at, buffer, wanted));
    }
  }

  private Piece read(long at, byte[] buffer, int wanted) {
    if (Comparison.isZero(source, at, wanted)) {
      Arrays.fill(buffer, 0, wanted, (byte) 0);
      return new Piece(buffer, wanted, true);
    }
    int count = source.read(at, ByteBuffer.wrap(buffer, 0, wanted));
    if (count < wanted) {
      throw new UnreadableException(
          source.describe().toString(), at + count, wanted - count, "it ends too early", null);
    }
    return new Piece(buffer, wanted, false);
  }

  /** The next piece; not to be asked for past the end. */
  Piece next() {
    try {
      Piece piece = ahead.get();
      readOn();
      return piece;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new blksh.task.CancelledException("read " + source.describe());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Waits until the source is not read any more. */
  @Override
  public void close() {
    reader.shutdown();
    boolean interrupted = false;
    while (true) {
      try {
        if (reader.awaitTermination(1, TimeUnit.HOURS)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
