package blksh.mount.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/** What a server sends, number by number. Used by one thread. */
final class NbdWire {

  private static final int BUFFER = 64 << 10;

  private final ByteChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).flip();
  private volatile long heardNanos = System.nanoTime();

  NbdWire(ByteChannel channel) {
    this.channel = channel;
  }

  /** When something came last, by {@link System#nanoTime}. */
  long heardNanos() {
    return heardNanos;
  }

  /** Waits until as many bytes are in the buffer. @param count up to its size */
  private void need(int count) throws IOException {
    if (buffer.remaining() >= count) {
      return;
    }
    buffer.compact();
    try {
      while (buffer.position() < count) {
        receive(buffer);
      }
    } finally {
      buffer.flip();
    }
  }

  private void receive(ByteBuffer target) throws IOException {
    if (channel.read(target) < 0) {
      throw new EOFException("the server ended the connection");
    }
    heardNanos = System.nanoTime();
  }

  /** Whether more has come than was taken. */
  boolean hasMore() {
    return buffer.hasRemaining();
  }

  int getShort() throws IOException {
    need(Short.BYTES);
    return Short.toUnsignedInt(buffer.getShort());
  }

  int getInt() throws IOException {
    need(Integer.BYTES);
    return buffer.getInt();
  }

  long getLong() throws IOException {
    need(Long.BYTES);
    return buffer.getLong();
  }

  /** Fills a target. */
  void get(ByteBuffer target) throws IOException {
    int limit = target.limit();
    int have = Math.min(buffer.remaining(), target.remaining());
    target.put(target.position(), buffer, buffer.position(), have);
    buffer.position(buffer.position() + have);
    target.position(target.position() + have);
    while (target.position() < limit) {
      receive(target);
    }
  }

  /** Text of so many bytes. @param length small enough to be held */
  String text(int length) throws IOException {
    byte[] bytes = new byte[length];
    get(ByteBuffer.wrap(bytes));
    return new String(bytes, UTF_8);
  }

  void skip(long count) throws IOException {
    long left = count;
    while (left > 0) {
      if (!buffer.hasRemaining()) {
        need(1);
      }
      int some = (int) Math.min(left, buffer.remaining());
      buffer.position(buffer.position() + some);
      left -= some;
    }
  }

  /** Sends bytes from 0 up to the position. */
  void send(ByteBuffer bytes) throws IOException {
    bytes.flip();
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
