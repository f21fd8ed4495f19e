package blksh.compress;

import blksh.block.BlockSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.tukaani.xz.SeekableInputStream;

/**
 * A source as a stream, read ahead by a fixed amount. Failures of the source pass through as they
 * are. Closing it leaves the source open. Used by one thread at a time.
 */
final class SourceInput extends SeekableInputStream {

  private static final int AHEAD = 1 << 16;

  private final BlockSource source;
  private final long end;
  private final ByteBuffer buffer = ByteBuffer.allocate(AHEAD).limit(0);

  /** Byte of the source after the last one in the buffer. */
  private long filled;

  SourceInput(BlockSource source, long position) {
    this.source = source;
    this.end = source.size();
    this.filled = position;
  }

  @Override
  public int read() {
    return fill() ? buffer.get() & 0xff : -1;
  }

  @Override
  public int read(byte[] target, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int count = Math.min(length, buffer.remaining());
    buffer.get(target, offset, count);
    return count;
  }

  /** The next bytes, all of them or a {@link StreamDamage} of the truncated kind. */
  byte[] take(int length) throws IOException {
    byte[] bytes = new byte[length];
    take(bytes, 0, length);
    return bytes;
  }

  /** As above, into an array. */
  void take(byte[] target, int offset, int length) throws IOException {
    int done = 0;
    while (done < length) {
      int count = read(target, offset + done, length - done);
      if (count < 0) {
        throw StreamDamage.truncated(position());
      }
      done += count;
    }
  }

  /** The next byte, 0 to 255, which must be there. */
  int takeByte() throws IOException {
    int value = read();
    if (value < 0) {
      throw StreamDamage.truncated(position());
    }
    return value;
  }

  /** The next four bytes as a little-endian number. */
  int takeInt() throws IOException {
    return takeByte() | takeByte() << 8 | takeByte() << 16 | takeByte() << 24;
  }

  /** Whether the source ends here. */
  boolean ended() {
    return !fill();
  }

  private boolean fill() {
    if (buffer.hasRemaining()) {
      return true;
    }
    if (filled >= end) {
      return false;
    }
    buffer.clear();
    try {
      filled += source.read(filled, buffer);
    } finally {
      buffer.flip();
    }
    return buffer.hasRemaining();
  }

  @Override
  public long length() {
    return end;
  }

  @Override
  public long position() {
    return filled - buffer.remaining();
  }

  @Override
  public void seek(long position) {
    long first = filled - buffer.limit();
    if (position >= first && position <= filled) {
      buffer.position((int) (position - first));
    } else {
      buffer.limit(0);
      filled = position;
    }
  }

  @Override
  public void close() {}
}
