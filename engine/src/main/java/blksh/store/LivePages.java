package blksh.store;

import blksh.io.Scratch;
import blksh.store.pack.Pack;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Which pages of some packs are needed: a bit for each number a pack may have, 4 KiB a pack, in
 * scratch files. In memory are 8 bytes a pack.
 */
final class LivePages {

  /** Bytes of the bits of a pack. */
  private static final int BYTES = Pack.MAX_PAGES / Byte.SIZE;

  /** Packs whose bits are in one file: 64 MiB of them. */
  private static final int TOGETHER = 1 << 14;

  /** In the order of their ids. */
  private final long[] ids;

  /** Null where nothing is needed yet. */
  private final ByteBuffer[] files;

  /**
   * @param packs ids in their unsigned order
   */
  LivePages(List<Long> packs) {
    // Signed, for binary search.
    ids = packs.stream().mapToLong(Long::longValue).sorted().toArray();
    files = new ByteBuffer[(ids.length + TOGETHER - 1) / TOGETHER];
  }

  /** Packs. */
  int packs() {
    return ids.length;
  }

  /** The id of a pack by its place. */
  long id(int pack) {
    return ids[pack];
  }

  /** Says that pages of a pack are needed; one it does not know is passed over. */
  void need(long id, int first, int count) {
    int pack = Arrays.binarySearch(ids, id);
    if (pack < 0) {
      return;
    }
    ByteBuffer bits = file(pack / TOGETHER);
    int base = pack % TOGETHER * BYTES;
    int past = Math.min(Pack.MAX_PAGES, first + count);
    int page = first;
    while (page < past) {
      int at = base + page / Byte.SIZE;
      if (page % Byte.SIZE == 0 && past - page >= Byte.SIZE) {
        bits.put(at, (byte) -1);
        page += Byte.SIZE;
      } else {
        bits.put(at, (byte) (bits.get(at) | 1 << page % Byte.SIZE));
        page++;
      }
    }
  }

  private ByteBuffer file(int number) {
    if (files[number] == null) {
      files[number] = Scratch.room(Math.min(TOGETHER, ids.length - number * TOGETHER) * BYTES);
    }
    return files[number];
  }

  /** Whether a page is needed; no pack has pages past {@link Pack#MAX_PAGES}. */
  boolean isNeeded(long id, int page) {
    if (page < 0 || page >= Pack.MAX_PAGES) {
      return false;
    }
    int pack = Arrays.binarySearch(ids, id);
    return pack >= 0 && needed(pack).test(page);
  }

  /** How many pages of a pack are needed. @param pack its place */
  int count(int pack) {
    ByteBuffer bits = files[pack / TOGETHER];
    int base = pack % TOGETHER * BYTES;
    int count = 0;
    for (int at = 0; bits != null && at < BYTES; at += Long.BYTES) {
      count += Long.bitCount(bits.getLong(base + at));
    }
    return count;
  }

  /** Tells which pages of a pack are needed. @param pack its place */
  IntPredicate needed(int pack) {
    ByteBuffer bits = files[pack / TOGETHER];
    int base = pack % TOGETHER * BYTES;
    return page ->
        bits != null && (bits.get(base + page / Byte.SIZE) >>> page % Byte.SIZE & 1) != 0;
  }
}
