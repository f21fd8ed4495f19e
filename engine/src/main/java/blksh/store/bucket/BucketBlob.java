package blksh.store.bucket;

import blksh.store.shelf.Blob;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An object, read by ranges. Whole blocks are read and kept for a while; who goes on where a read
 * ended has more of them read ahead, up to as much as memory has room for. Its end came with its
 * opening, as what describes a blob is there.
 */
final class BucketBlob implements Blob {

  /** Bytes of the end that come with the opening. */
  static final int END = 1 << 16;

  private static final int BLOCK = ObjectBlocks.BLOCK;

  /** Bytes that are read at once at most: 4 MiB, and less where many may do so in little memory. */
  static final int MOST =
      (int)
          Math.max(
              2 * BLOCK,
              Math.min(
                      4L << 20,
                      Runtime.getRuntime().maxMemory()
                          / 16
                          / Runtime.getRuntime().availableProcessors())
                  / BLOCK
                  * BLOCK);

  /** Who read in order and are remembered: workers may share a pack. */
  private static final int READERS = 8;

  private final BucketShelf shelf;
  private final ObjectBlocks cache;
  private final String name;
  private final BucketRequests.Found found;

  /** Whose the kept blocks are: another once all are to be read anew, also those on their way. */
  private volatile Object owner = new Object();

  /** The last bytes of it; null once they are to be read anew. */
  private volatile byte[] end;

  /**
   * How much was read ahead for each who reads in order, by where he would go on; guards itself.
   */
  private final Map<Long, Integer> ahead =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Integer> eldest) {
          return size() > READERS;
        }
      };

  /**
   * @param end the last bytes of it
   */
  BucketBlob(
      BucketShelf shelf, ObjectBlocks cache, String name, BucketRequests.Found found, byte[] end) {
    this.shelf = shelf;
    this.cache = cache;
    this.name = name;
    this.found = found;
    this.end = end;
  }

  @Override
  public long size() {
    return found.size();
  }

  @Override
  public void read(long position, ByteBuffer buffer) throws IOException {
    long past = position + buffer.remaining();
    if (position < 0 || past > found.size()) {
      throw new EOFException(shelf.locate(name) + " ends at byte " + found.size());
    }
    int further = further(position);
    Object now = owner;
    int fetched = 0;
    long at = position;
    while (at < past) {
      int wanted = (int) Math.min(past - at, Integer.MAX_VALUE);
      byte[] last = end;
      long lastAt = last == null ? found.size() : found.size() - last.length;
      if (at >= lastAt) {
        buffer.put(last, (int) (at - lastAt), wanted);
        at += wanted;
      } else {
        long number = at / BLOCK;
        byte[] block = cache.get(now, number);
        if (block == null) {
          block = fetch(now, at, wanted, further);
          fetched = further;
        }
        int from = (int) (at - number * BLOCK);
        int n = Math.min(wanted, block.length - from);
        buffer.put(block, from, n);
        at += n;
      }
    }
    synchronized (ahead) {
      ahead.put(past, fetched > 0 ? fetched : further / 2);
    }
  }

  /** How much is read at once where somebody goes on in order, twice as much each time; else 0. */
  private int further(long position) {
    synchronized (ahead) {
      Integer before = ahead.remove(position);
      return before == null ? 0 : Math.min(MOST, Math.max(2 * BLOCK, 2 * before));
    }
  }

  /** Reads blocks from that which holds a byte on, and keeps them; gives the first. */
  private byte[] fetch(Object now, long at, int wanted, int further) throws IOException {
    long number = at / BLOCK;
    long begin = number * BLOCK;
    long need = at + wanted - begin;
    long length = Math.max(roundUp(Math.min(need, MOST)), further);
    length = Math.min(length, found.size() - begin);
    byte[] bytes = shelf.range(name, found, begin, (int) length);
    byte[] first = null;
    for (int from = 0; from < bytes.length; from += BLOCK) {
      byte[] block = Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + BLOCK));
      first = first == null ? block : first;
      cache.put(now, number + from / BLOCK, block);
    }
    return first;
  }

  private static long roundUp(long bytes) {
    return (bytes + BLOCK - 1) / BLOCK * BLOCK;
  }

  @Override
  public boolean forget() {
    end = null;
    Object before = owner;
    owner = new Object();
    cache.drop(before);
    return true;
  }

  @Override
  public void close() {
    cache.drop(owner);
  }
}
