package blksh.store;

import blksh.store.pack.Frame;
import blksh.store.pack.Pack;
import blksh.store.pack.Page;
import java.util.Arrays;

/**
 * The pages a capture has placed in one pack before the page index knows them. Filled by the thread
 * whose turn it is to place; the sizes are told by the one that appends.
 */
final class OpenPack {

  /** Slots of the table at first; at most half of them are taken, or it doubles. */
  private static final int SLOTS = 2048;

  final long id;
  private long[] keys = new long[SLOTS]; // 0 is empty
  private int[] numbers = new int[SLOTS];
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
    int mask = keys.length - 1;
    int slot = (int) key & mask;
    while (keys[slot] != 0) {
      if (keys[slot] == key && Page.sameDigest(digests, numbers[slot] * Page.DIGEST, digest, at)) {
        return numbers[slot];
      }
      slot = slot + 1 & mask;
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
    if (pages * 2 > keys.length) {
      grow();
    }
    enter(key, page);
    placedBytes += length;
    return page;
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldNumbers = numbers;
    keys = new long[oldKeys.length * 2];
    numbers = new int[oldKeys.length * 2];
    for (int slot = 0; slot < oldKeys.length; slot++) {
      if (oldKeys[slot] != 0) {
        enter(oldKeys[slot], oldNumbers[slot]);
      }
    }
  }

  private void enter(long key, int number) {
    int mask = keys.length - 1;
    int slot = (int) key & mask;
    while (keys[slot] != 0) {
      slot = slot + 1 & mask;
    }
    keys[slot] = key;
    numbers[slot] = number;
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
