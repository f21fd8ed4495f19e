package blksh.store;

import java.util.Arrays;

/**
 * The pages a capture has placed in one pack before the page index knows them. Filled by the thread
 * whose turn it is to place; the sizes are told by the one that appends.
 */
final class OpenPack {

  private static final int TABLE = 2 * Pack.MAX_PAGES;

  final long id;
  private final long[] keys = new long[TABLE]; // 0 is empty
  private final int[] numbers = new int[TABLE];
  private byte[] digests = new byte[1024 * Page.DIGEST];
  private int pages;
  private long placedBytes;
  private volatile long appendedRaw;
  private volatile long appendedStored;

  OpenPack(long id) {
    this.id = id;
  }

  /** The number of the page with a digest, or -1. @param key the digest's key in the page index */
  int find(long key, byte[] digest, int at) {
    int slot = (int) key & TABLE - 1;
    while (keys[slot] != 0) {
      if (keys[slot] == key && Page.sameDigest(digests, numbers[slot] * Page.DIGEST, digest, at)) {
        return numbers[slot];
      }
      slot = slot + 1 & TABLE - 1;
    }
    return -1;
  }

  /** Places a page that {@link #find} does not find. @return its number */
  int place(long key, byte[] digest, int at, int length) {
    int page = pages++;
    if ((page + 1) * Page.DIGEST > digests.length) {
      digests = Arrays.copyOf(digests, digests.length * 2);
    }
    System.arraycopy(digest, at, digests, page * Page.DIGEST, Page.DIGEST);
    int slot = (int) key & TABLE - 1;
    while (keys[slot] != 0) {
      slot = slot + 1 & TABLE - 1;
    }
    keys[slot] = key;
    numbers[slot] = page;
    placedBytes += length;
    return page;
  }

  /** Pages placed. */
  int pages() {
    return pages;
  }

  /** Says what a frame of this pack took. */
  void appended(long raw, long stored) {
    appendedStored += stored;
    appendedRaw += raw;
  }

  /** Whether another frame might take the pack past its size. */
  boolean full() {
    long inFlight = placedBytes - appendedRaw;
    return pages + Frame.MAX_PAGES > Pack.MAX_PAGES
        || appendedStored + inFlight + Frame.MAX_RAW > Pack.TARGET;
  }
}
