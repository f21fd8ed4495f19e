package blksh.snapshot;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.io.Checksum;
import blksh.io.IoFailure;
import blksh.io.LittleEndian;
import blksh.io.Scratch;
import blksh.store.pack.PageSize;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The table of a tree in its image, as it is read: docs/store-format.md specifies it. In short, by
 * pages of the image:
 *
 * <pre>
 *   contents   of regular files, in the order of the entries, each from a page on
 *   blocks     of entries, each of whole pages: u32 its bytes, u32 entries, the entries
 *   index      an entry for each block: its pages, its entries, the pages of contents before it, and
 *              the path of its first entry
 *   trailer    one page: "BKTREE01", u64 first page of the blocks, u64 blocks, u64 first page of the
 *              index, u64 bytes of it, u64 entries, i64 seconds and u32 nanoseconds of the time the
 *              tree began to be looked at, u32 bytes of a page where these are not 4096; u32 CRC-32C
 *              in the last four bytes
 * </pre>
 *
 * <p>Of the index 36 bytes a block are in memory, and the keys where what does not fit is. May be
 * used by any number of threads, each with a cursor of its own.
 */
final class TreeTable {

  static final String MAGIC = "BKTREE01";

  /** Where the trailer says how large pages are. */
  static final int PAGE_SIZE_AT = 60;

  /** A longer block is none: paths and attributes have their limits. */
  private static final int LONGEST_BLOCK = 64 << 20;

  /** Blocks kept for whoever looks here and there. */
  private static final int KEPT = 64;

  private final BlockSource image;
  private final PageSize pageSize;
  private final String name;
  private final long entries;
  private final Instant began;

  /** Of each block, in the order of paths: its first page. */
  private final long[] starts;

  /** Of each block: its pages. */
  private final int[] pages;

  /** Of each block: the page where the contents of its files begin. */
  private final long[] places;

  /** Of each block: its number of entries. */
  private final int[] counts;

  /** The paths of the first entries of blocks, one key after another. */
  private final ByteBuffer keys;

  private final int[] keyBegins;
  private final int[] keyEnds;

  private final Map<Integer, byte[]> kept =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, byte[]> eldest) {
          return size() > KEPT;
        }
      };

  /**
   * Reads the index.
   *
   * @param image of a tree
   * @param name of it, for people
   * @throws BlkshException when it has no table, or it is damaged
   */
  TreeTable(BlockSource image, String name) {
    this.image = image;
    this.name = name;
    try {
      byte[] trailer = trailer(image);
      pageSize = pageSizeOf(trailer);
      long all = pageSize.pageOf(image.size());
      long first = LittleEndian.i64(trailer, 8);
      long blocks = LittleEndian.i64(trailer, 16);
      long indexAt = LittleEndian.i64(trailer, 24);
      long indexBytes = LittleEndian.i64(trailer, 32);
      entries = LittleEndian.i64(trailer, 40);
      began = Instant.ofEpochSecond(LittleEndian.i64(trailer, 48), LittleEndian.i32(trailer, 56));
      if (first < 0
          || indexAt < first
          || blocks < 0
          || blocks > indexAt - first
          || indexBytes < 0
          || indexBytes > Integer.MAX_VALUE - pageSize.bytes()
          || indexAt + pageSize.count(indexBytes) != all - 1
          || entries < 0) {
        throw new IOException("what its last page says does not fit together");
      }
      int count = Math.toIntExact(blocks);
      starts = new long[count];
      pages = new int[count];
      places = new long[count];
      counts = new int[count];
      keyBegins = new int[count];
      keyEnds = new int[count];
      keys = readIndex(first, indexAt, (int) indexBytes, pageSize.at(indexAt));
    } catch (IOException | IndexOutOfBoundsException | IllegalArgumentException e) {
      throw damaged(e);
    }
  }

  private BlkshException damaged(Exception e) {
    String problem = e instanceof IOException io ? IoFailure.reason(io) : "its table is damaged";
    return new BlkshException("read the tree of " + name, problem, e)
        .suggest("verify the store to see what is damaged");
  }

  /**
   * Its last page, of whatever size pages are: a store of others may have been copied from. No more
   * is read than that: what lies before it may be damaged, and the tree is read all the same.
   */
  private static byte[] trailer(BlockSource image) throws IOException {
    int most = (int) Math.min(PageSize.LARGEST.bytes(), image.size());
    if (image.size() < PageSize.USUAL.bytes() || image.size() % PageSize.USUAL.bytes() != 0) {
      throw new IOException("it has no table");
    }
    for (int length = PageSize.USUAL.bytes(); length <= most; length *= 2) {
      long at = image.size() - length;
      byte[] trailer = bytes(image, at, PageSize.USUAL.bytes());
      String magic = new String(trailer, 0, MAGIC.length(), StandardCharsets.ISO_8859_1);
      if (!magic.equals(MAGIC)
          || image.size() % length != 0
          || pageSizeOf(trailer).bytes() != length) {
        continue;
      }
      trailer = bytes(image, at, length);
      if (pageSizeOf(trailer).bytes() == length
          && LittleEndian.i32(trailer, length - 4) == Checksum.of(trailer, 0, length - 4)) {
        return trailer;
      }
    }
    throw new IOException("its last page is not that of a table of this form");
  }

  private static PageSize pageSizeOf(byte[] trailer) throws IOException {
    int bytes = LittleEndian.i32(trailer, PAGE_SIZE_AT);
    PageSize found = bytes == 0 ? PageSize.USUAL : PageSize.orNull(bytes);
    if (found == null) {
      throw new IOException("its last page says that pages have %d bytes".formatted(bytes));
    }
    return found;
  }

  /** How large the pages of the image are, by which its contents are found. */
  PageSize pageSize() {
    return pageSize;
  }

  private static byte[] bytes(BlockSource image, long at, int length) throws IOException {
    byte[] bytes = new byte[length];
    if (image.read(at, ByteBuffer.wrap(bytes)) < length) {
      throw new IOException("it ends too early");
    }
    return bytes;
  }

  private ByteBuffer readIndex(long first, long end, int length, long at) throws IOException {
    byte[] index = bytes(image, at, length);
    NumberReader in = new NumberReader(index);
    long start = first;
    long place = 0;
    long total = 0;
    byte[] key = {};
    byte[] all = new byte[Math.max(64, length)];
    int used = 0;
    for (int i = 0; i < counts.length; i++) {
      long many = in.number();
      long records = in.number();
      place += in.number();
      int shared = in.count(key.length);
      int rest = in.count(in.left());
      key = Arrays.copyOf(key, shared + rest);
      in.bytes(key, shared, rest);
      if (many < 1 || many > pageSize.pageOf(LONGEST_BLOCK) || start + many > end) {
        throw new IOException("its index has a block of " + many + " pages");
      }
      if (records < 0 || records > pageSize.at(many) || place < 0 || place > first) {
        throw new IOException("its index does not make sense");
      }
      starts[i] = start;
      pages[i] = (int) many;
      places[i] = place;
      counts[i] = (int) records;
      start += many;
      total += records;
      if (all.length - used < key.length) {
        all = Arrays.copyOf(all, Math.addExact(all.length * 2, key.length));
      }
      System.arraycopy(key, 0, all, used, key.length);
      used += key.length;
      keyEnds[i] = used;
    }
    if (total != entries || start != end) {
      throw new IOException("its index does not cover its table");
    }
    sort(all);
    ByteBuffer found = ByteBuffer.wrap(all, 0, used);
    return used > 1 << 20 ? Scratch.keep(found) : found.slice();
  }

  /** Blocks come in the order they were written, which is that of their paths but for jumps. */
  private void sort(byte[] all) {
    int count = counts.length;
    Integer[] order = new Integer[count];
    boolean sorted = true;
    for (int i = 0; i < count; i++) {
      order[i] = i;
      keyBegins[i] = i == 0 ? 0 : keyEnds[i - 1];
      sorted &= i == 0 || compareKeys(all, i - 1, i) < 0;
    }
    if (sorted) {
      return;
    }
    Arrays.sort(order, (a, b) -> compareKeys(all, a, b));
    arrange(starts, order);
    arrange(places, order);
    arrange(pages, order);
    arrange(counts, order);
    arrange(keyBegins, order);
    arrange(keyEnds, order);
  }

  private int compareKeys(byte[] all, int a, int b) {
    byte[] one = Arrays.copyOfRange(all, a == 0 ? 0 : keyEnds[a - 1], keyEnds[a]);
    byte[] other = Arrays.copyOfRange(all, b == 0 ? 0 : keyEnds[b - 1], keyEnds[b]);
    return PathOrder.compare(one, other);
  }

  private static void arrange(long[] values, Integer[] order) {
    long[] old = values.clone();
    Arrays.setAll(values, i -> old[order[i]]);
  }

  private static void arrange(int[] values, Integer[] order) {
    int[] old = values.clone();
    Arrays.setAll(values, i -> old[order[i]]);
  }

  long entries() {
    return entries;
  }

  /** When the tree began to be looked at. */
  Instant began() {
    return began;
  }

  /** The last block that may hold a path, 0 when there is none before. */
  private int blockOf(byte[] path, int length) {
    int a = 0;
    int b = counts.length - 1;
    while (a < b) {
      int middle = (a + b + 1) >>> 1;
      byte[] key = key(middle);
      if (PathOrder.compare(key, key.length, path, length) <= 0) {
        a = middle;
      } else {
        b = middle - 1;
      }
    }
    return a;
  }

  private byte[] key(int block) {
    int from = keyBegins[block];
    byte[] key = new byte[keyEnds[block] - from];
    keys.get(from, key);
    return key;
  }

  private int length(int block) {
    return pageSize.at(pages[block]);
  }

  /** A block, kept for who looks near it again. */
  private byte[] block(int number) throws IOException {
    synchronized (kept) {
      byte[] block = kept.get(number);
      if (block != null) {
        return block;
      }
    }
    byte[] block = bytes(image, pageSize.at(starts[number]), length(number));
    if (block.length <= 4 * TreeTableWriter.MOST) {
      synchronized (kept) {
        kept.put(number, block);
      }
    }
    return block;
  }

  /** A walk over entries in order. Used by one thread. */
  final class Cursor {
    private final TreeBlockReader reader = new TreeBlockReader(pageSize);
    private int block = -1;

    /** Which entry of the block it is, the first being 0. */
    private int within;

    /** Several blocks read at once, for who goes on. */
    private byte[] window = {};

    private int windowFirst;
    private int windowEnd;
    private boolean going;

    /** What the entry is the cursor stands on. */
    TreeRecord record() {
      return reader.record;
    }

    /** Goes to the next entry, at first to the first; false at the end. */
    boolean next() {
      try {
        while (block < 0 || !reader.next()) {
          if (block + 1 >= counts.length) {
            return false;
          }
          enter(block + 1);
        }
        within++;
        return true;
      } catch (IOException e) {
        throw damaged(e);
      }
    }

    private void enter(int number) throws IOException {
      boolean follows = number == block + 1;
      block = number;
      if (number >= windowFirst && number < windowEnd) {
        begin(window, (int) pageSize.at(starts[number] - starts[windowFirst]));
      } else if (follows && going) {
        readAhead(number);
        begin(window, 0);
      } else {
        begin(block(number), 0);
      }
      going = follows;
    }

    private void begin(byte[] bytes, int from) throws IOException {
      reader.begin(bytes, from, length(block), places[block]);
      within = -1;
    }

    private void readAhead(int first) throws IOException {
      int end = first + 1;
      long most = starts[first] + pageSize.pageOf(AHEAD);
      while (end < counts.length
          && starts[end] == starts[end - 1] + pages[end - 1]
          && starts[end] + pages[end] <= most) {
        end++;
      }
      int length = (int) pageSize.at(starts[end - 1] + pages[end - 1] - starts[first]);
      if (window.length < length) {
        window = new byte[length];
      }
      windowFirst = first;
      windowEnd = end;
      if (image.read(pageSize.at(starts[first]), ByteBuffer.wrap(window, 0, length)) < length) {
        throw new IOException("it ends too early");
      }
    }

    /**
     * Goes to the first entry that is not before a path.
     *
     * @return false when there is none
     */
    boolean seek(byte[] path) {
      if (counts.length == 0) {
        return false;
      }
      int number = blockOf(path, path.length);
      try {
        if (number != block || isPast(path)) {
          going = false;
          block = number;
          windowEnd = windowFirst;
          begin(block(number), 0);
        }
      } catch (IOException e) {
        throw damaged(e);
      }
      while (next()) {
        if (PathOrder.compare(record().path, record().pathLength, path, path.length) >= 0) {
          return true;
        }
      }
      return false;
    }

    private boolean isPast(byte[] path) {
      TreeRecord at = record();
      return at.pathLength == 0
          || PathOrder.compare(at.path, at.pathLength, path, path.length) >= 0;
    }

    /** A number from 0 on that no other entry of the table has. */
    long number() {
      return pageSize.at(starts[block]) + within; // no entry takes less than a byte
    }

    /** Goes to the entry of a path; false when there is none. */
    boolean find(byte[] path) {
      return seek(path)
          && PathOrder.compare(record().path, record().pathLength, path, path.length) == 0;
    }

    /**
     * Goes to the first entry in a directory, which is not the directory's own.
     *
     * @param directory its path; empty for the root
     * @return false when there is nothing after it
     */
    boolean enter(byte[] directory) {
      if (directory.length == 0) {
        return seek(directory) && (record().pathLength > 0 || next());
      }
      byte[] before = Arrays.copyOf(directory, directory.length + 1);
      before[directory.length] = '/';
      return seek(before);
    }
  }

  private static final int AHEAD = 512 << 10;

  Cursor cursor() {
    return new Cursor();
  }
}
