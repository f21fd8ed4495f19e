package blksh.block;

import blksh.BlkshException;
import java.nio.ByteBuffer;

/** Bytes in memory. */
public final class ByteArraySource implements BlockSource {

  private final String name;
  private final byte[] bytes;
  private volatile boolean closed;

  /**
   * @param bytes not copied; must not change while the source is open
   */
  public ByteArraySource(byte[] bytes) {
    this("memory", bytes);
  }

  /** As above, under a name of its own. */
  public ByteArraySource(String name, byte[] bytes) {
    this.name = name;
    this.bytes = bytes;
  }

  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    if (closed) {
      throw new BlkshException("read " + name, "it was closed");
    }
    int count = (int) Math.min(target.remaining(), Math.max(0, bytes.length - position));
    if (count > 0) {
      target.put(bytes, (int) position, count);
    }
    return count;
  }

  @Override
  public SourceInfo describe() {
    return new SourceInfo("memory", name, name);
  }

  @Override
  public void close() {
    closed = true;
  }
}
