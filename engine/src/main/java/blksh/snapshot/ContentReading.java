package blksh.snapshot;

import blksh.io.DirectBuffer;
import blksh.io.EntryFile;
import blksh.task.Task;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.List;

/**
 * Reads files to their digests, and on the way writes them elsewhere, holes as holes. What a hole
 * holds is not read. For one thread.
 */
final class ContentReading implements Closeable {

  /** Bytes read at once. */
  static final int BUFFER = 1 << 20;

  private static final int HEAP = 1 << 16;
  private static final byte[] ZEROS = new byte[HEAP];

  private final Task task;
  private final DirectBuffer memory = DirectBuffer.borrow(BUFFER + 1);
  private final ByteBuffer buffer = memory.bytes();
  private final byte[] heap = new byte[HEAP];

  ContentReading(Task task) {
    this.task = task;
  }

  /** Memory to read a small file to: one byte more than {@link #BUFFER}. */
  ByteBuffer buffer() {
    return buffer;
  }

  /**
   * Reads a file.
   *
   * @param size bytes that are read of it, at most
   * @param digests that are fed
   * @param to where it is written, from its first byte on; null for nowhere
   * @return bytes that there were
   */
  long read(EntryFile file, long size, List<MessageDigest> digests, EntryFile to)
      throws IOException {
    long at = 0;
    while (at < size) {
      long data = data(file, at);
      long end = data < 0 || data > size ? size : data;
      zeros(end - at, digests);
      at = end;
      long hole = at < size ? Math.min(size, hole(file, at, size)) : at;
      while (at < hole) {
        task.checkCancelled();
        buffer.clear().limit((int) Math.min(BUFFER, hole - at));
        int length = read(file, at);
        if (length == 0) {
          return at;
        }
        feed(buffer.flip(), digests);
        if (to != null) {
          to.write(at, buffer.rewind());
        }
        at += length;
        task.advance(length);
      }
    }
    return at;
  }

  private static long data(EntryFile file, long at) throws IOException {
    return UnreadSource.call(() -> file.data(at));
  }

  private static long hole(EntryFile file, long at, long size) throws IOException {
    return UnreadSource.call(() -> file.hole(at, size));
  }

  private int read(EntryFile file, long at) throws IOException {
    return UnreadSource.call(() -> file.read(at, buffer));
  }

  private void zeros(long length, List<MessageDigest> digests) {
    for (long left = length; left > 0; left -= HEAP) {
      for (MessageDigest each : digests) {
        each.update(ZEROS, 0, (int) Math.min(HEAP, left));
      }
      if (left % BUFFER == 0) {
        task.checkCancelled();
      }
    }
    task.advance(length);
  }

  /** Feeds what is left in a buffer. */
  void feed(ByteBuffer bytes, List<MessageDigest> digests) {
    while (bytes.hasRemaining()) {
      int some = Math.min(HEAP, bytes.remaining());
      bytes.get(heap, 0, some);
      for (MessageDigest each : digests) {
        each.update(heap, 0, some);
      }
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
