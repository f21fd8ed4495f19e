package blksh.image.disk;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.lz.BadChunkException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The pieces of tables and the unpacked units used last, of a disk and all it was laid on. Never
 * more than {@value #MOST} bytes and one unit, whatever the disk.
 */
final class DiskMemory {

  private static final long MOST = 12 << 20;

  /** Bytes of a table read at once, at a multiple of them. */
  private static final int PAGE = 16 << 10;

  /** Whose it is, and where. */
  private record Key(Object owner, long at) {}

  private final Map<Key, byte[]> kept = new LinkedHashMap<>(64, 0.75f, true);
  private long bytes;

  /** Makes what is not kept. */
  interface Maker {
    byte[] make() throws BadChunkException;
  }

  /** What is kept, or is made now, perhaps by several threads. */
  byte[] get(Object owner, long at, Maker maker) throws BadChunkException {
    Key key = new Key(owner, at);
    synchronized (this) {
      byte[] found = kept.get(key);
      if (found != null) {
        return found;
      }
    }
    byte[] made = maker.make();
    keep(key, made);
    return made;
  }

  private synchronized void keep(Key key, byte[] made) {
    byte[] before = kept.put(key, made);
    bytes += made.length - (before == null ? 0 : before.length);
    Iterator<byte[]> eldest = kept.values().iterator();
    while (bytes > MOST && kept.size() > 1) {
      bytes -= eldest.next().length;
      eldest.remove();
    }
  }

  /** A number of 32 bits in a file, which lies within one piece: at a multiple of 4. */
  long u32(BlockSource file, long at, ByteOrder order) {
    return page(file, at, 4).order(order).getInt((int) (at % PAGE)) & 0xffffffffL;
  }

  /** A number of 64 bits in a file, at a multiple of 8. */
  long u64(BlockSource file, long at, ByteOrder order) {
    return page(file, at, 8).order(order).getLong((int) (at % PAGE));
  }

  /** A byte in a file. */
  int u8(BlockSource file, long at) {
    return page(file, at, 1).get((int) (at % PAGE)) & 0xff;
  }

  private ByteBuffer page(BlockSource file, long at, int width) {
    long start = at - at % PAGE;
    try {
      byte[] page = get(file, start, () -> read(file, start));
      if (at - start + width > page.length) {
        throw endsEarly(file, at);
      }
      return ByteBuffer.wrap(page);
    } catch (BadChunkException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A piece of a file, shorter at its end. */
  private static byte[] read(BlockSource file, long start) {
    byte[] page = new byte[PAGE];
    int count = file.read(start, ByteBuffer.wrap(page));
    return count < PAGE ? Arrays.copyOf(page, count) : page;
  }

  /**
   * Bytes of a file, which were within it when it was opened.
   *
   * @throws BlkshException when it ends before them
   */
  static byte[] bytes(BlockSource file, long at, int length) {
    byte[] bytes = new byte[length];
    int count = file.read(at, ByteBuffer.wrap(bytes));
    if (count < length) {
      throw endsEarly(file, at + count);
    }
    return bytes;
  }

  private static BlkshException endsEarly(BlockSource file, long at) {
    return new BlkshException("read " + file.describe(), "it ends too early").at(at);
  }
}
