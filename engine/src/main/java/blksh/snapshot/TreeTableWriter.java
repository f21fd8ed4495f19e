package blksh.snapshot;

import blksh.io.Checksum;
import blksh.io.LittleEndian;
import blksh.io.ScratchFile;
import blksh.store.pack.PageSize;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;

/**
 * Writes the table of a tree, entry by entry in the order of {@link PathOrder} but for {@link
 * #jump}s, to where what does not fit into memory is; its pages follow the contents in the image.
 * The layout is at {@link TreeTable}.
 *
 * <p>Where a block ends is decided by the path of its last entry, once it is of some size: so a
 * table in which few entries changed has the same blocks but for those they are in.
 */
final class TreeTableWriter implements Closeable {

  /** A block ends no earlier than this, in bytes, unless it is the last. */
  static final int LEAST = 8 << 10;

  /** From here on it ends after any entry. */
  static final int MOST = 48 << 10;

  /** One of so many paths ends a block. */
  private static final int ENDS = 128;

  private final PageSize pageSize;
  private final TreeBlock block = new TreeBlock();
  private final ScratchFile table = new ScratchFile();
  private final ScratchFile index = new ScratchFile();
  private final byte[] entry = new byte[64];
  private byte[] lastPath = {};
  private int lastLength;
  private byte[] key = {};
  private int keyLength;
  private byte[] previousKey = {};
  private int previousKeyLength;
  private long place;
  private long blockPlace;
  private long previousPlace;
  private long blocks;
  private long entries;
  private boolean finished;
  private long indexAt;
  private byte[] trailer;

  /**
   * @param pageSize of the image
   */
  TreeTableWriter(PageSize pageSize) {
    this.pageSize = pageSize;
  }

  /** The page where the contents of the next entry are, unless it says otherwise. */
  long place() {
    return place;
  }

  long entries() {
    return entries;
  }

  /** Adds the next entry. What it says of its contents is final. */
  void add(TreeRecord r) {
    if (block.records() == 0) {
      beginBlock(r);
    } else if (PathOrder.compare(lastPath, lastLength, r.path, r.pathLength) >= 0) {
      throw new IllegalStateException("an entry of the tree is out of order");
    }
    block.add(r);
    place += r.pagesAtPlace(pageSize);
    entries++;
    if (lastPath.length < r.pathLength) {
      lastPath = new byte[2 * r.pathLength];
    }
    System.arraycopy(r.path, 0, lastPath, 0, r.pathLength);
    lastLength = r.pathLength;
    if (block.length() >= LEAST && (block.length() >= MOST || ends(r))) {
      endBlock();
    }
  }

  /**
   * Ends the block there is: what follows does not follow it in order, but is in another part of
   * the tree. No two blocks may overlap in the order of paths.
   */
  void jump() {
    if (block.records() > 0) {
      endBlock();
    }
  }

  private static boolean ends(TreeRecord r) {
    int hash = 0;
    for (int i = 0; i < r.pathLength; i++) {
      hash = hash * 31 + r.path[i];
    }
    hash *= 0x9E3779B9;
    return (hash >>> 16) % ENDS == 0;
  }

  private void beginBlock(TreeRecord r) {
    key = r.pathBytes();
    keyLength = key.length;
    blockPlace = place;
  }

  private void endBlock() {
    int records = block.records();
    int pages = block.finish(pageSize);
    table.append(block.bytes(), 0, pageSize.at(pages));
    int shared = Arrays.mismatch(previousKey, 0, previousKeyLength, key, 0, keyLength);
    shared = shared < 0 ? Math.min(keyLength, previousKeyLength) : shared;
    int at = 0;
    at = number(entry, at, pages);
    at = number(entry, at, records);
    at = number(entry, at, blockPlace - previousPlace);
    at = number(entry, at, shared);
    at = number(entry, at, keyLength - shared);
    index.append(entry, 0, at);
    index.append(key, shared, keyLength - shared);
    previousKey = key;
    previousKeyLength = keyLength;
    previousPlace = blockPlace;
    blocks++;
    block.clear();
  }

  private static int number(byte[] to, int from, long value) {
    int at = from;
    long left = value;
    while ((left & ~0x7FL) != 0) {
      to[at++] = (byte) (left | 0x80);
      left >>>= 7;
    }
    to[at++] = (byte) left;
    return at;
  }

  /**
   * Ends it.
   *
   * @param contents pages of the image before the table
   * @param began when the tree began to be looked at
   */
  void finish(long contents, Instant began) {
    if (block.records() > 0) {
      endBlock();
    }
    table.finish();
    index.finish();
    indexAt = contents + pageSize.pageOf(table.size());
    trailer = new byte[pageSize.bytes()];
    byte[] magic = TreeTable.MAGIC.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(magic, 0, trailer, 0, magic.length);
    LittleEndian.putI64(trailer, 8, contents);
    LittleEndian.putI64(trailer, 16, blocks);
    LittleEndian.putI64(trailer, 24, indexAt);
    LittleEndian.putI64(trailer, 32, index.size());
    LittleEndian.putI64(trailer, 40, entries);
    LittleEndian.putI64(trailer, 48, began.getEpochSecond());
    LittleEndian.putI32(trailer, 56, began.getNano());
    int sumAt = trailer.length - 4;
    int said = pageSize == PageSize.USUAL ? 0 : pageSize.bytes();
    LittleEndian.putI32(trailer, TreeTable.PAGE_SIZE_AT, said);
    LittleEndian.putI32(trailer, sumAt, Checksum.of(trailer, 0, sumAt));
    finished = true;
  }

  PageSize pageSize() {
    return pageSize;
  }

  /** Pages of the finished table, its index and its trailer. */
  long pages() {
    return finished ? pageSize.pageOf(table.size()) + pageSize.count(index.size()) + 1 : 0;
  }

  /**
   * Copies pages of the finished table.
   *
   * @param first of them, 0 up to {@link #pages}
   * @param to from 0 on whole pages
   */
  void copy(long first, ByteBuffer to) {
    long at = pageSize.at(first);
    long indexBegin = table.size();
    long indexEnd = indexBegin + pageSize.at(pageSize.count(index.size()));
    while (to.hasRemaining()) {
      int limit = to.limit();
      if (at < indexBegin) {
        to.limit((int) Math.min(limit, to.position() + indexBegin - at));
        at += to.remaining();
        table.read(at - to.remaining(), to);
      } else if (at < indexBegin + index.size()) {
        to.limit((int) Math.min(limit, to.position() + indexBegin + index.size() - at));
        at += to.remaining();
        index.read(at - to.remaining() - indexBegin, to);
      } else if (at < indexEnd) {
        to.put((byte) 0);
        at++;
      } else {
        to.put(trailer, (int) (at - indexEnd), 1);
        at++;
      }
      to.limit(limit);
    }
  }

  @Override
  public void close() {
    table.close();
    index.close();
  }
}
