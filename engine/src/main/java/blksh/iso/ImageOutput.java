package blksh.iso;

import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;

/** What goes into an image, byte after byte; gathered, and handed on in large pieces. */
final class ImageOutput {

  private static final int BUFFER = 256 << 10;

  private final DiscTarget target;
  private final Task task;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
  private long flushed;

  ImageOutput(DiscTarget target, Task task) {
    this.target = target;
    this.task = task;
  }

  long position() {
    return flushed + buffer.position();
  }

  void put(byte[] bytes) throws IOException {
    put(bytes, bytes.length);
  }

  void put(byte[] bytes, int length) throws IOException {
    int at = 0;
    while (at < length) {
      int some = Math.min(length - at, buffer.remaining());
      buffer.put(bytes, at, some);
      at += some;
      if (!buffer.hasRemaining()) {
        flush();
      }
    }
  }

  /** Puts all that remains of a buffer, without gathering it when it is large. */
  void put(ByteBuffer bytes) throws IOException {
    if (bytes.remaining() < BUFFER / 4) {
      while (bytes.hasRemaining()) {
        int some = Math.min(bytes.remaining(), buffer.remaining());
        buffer.put(bytes.slice().limit(some));
        bytes.position(bytes.position() + some);
        if (!buffer.hasRemaining()) {
          flush();
        }
      }
    } else {
      flush();
      write(bytes);
    }
  }

  void zeros(long count) throws IOException {
    byte[] zeros = new byte[(int) Math.min(BUFFER, count)];
    for (long left = count; left > 0; left -= zeros.length) {
      put(zeros, (int) Math.min(zeros.length, left));
    }
  }

  /** Fills the sector that is begun. */
  void pad() throws IOException {
    zeros((DiscPlan.SECTOR - position() % DiscPlan.SECTOR) % DiscPlan.SECTOR);
  }

  /** Fills up to a sector, which is where the plan has what comes now. */
  void to(long sector) throws IOException {
    long left = sector * DiscPlan.SECTOR - position();
    if (left < 0) {
      throw new IllegalStateException(
          "sector %d should begin %d bytes before".formatted(sector, -left));
    }
    zeros(left);
  }

  void flush() throws IOException {
    buffer.flip();
    if (buffer.hasRemaining()) {
      write(buffer);
    }
    buffer.clear();
  }

  private void write(ByteBuffer bytes) throws IOException {
    task.checkCancelled();
    int length = bytes.remaining();
    target.write(flushed, bytes);
    flushed += length;
    task.advance(length);
  }
}
