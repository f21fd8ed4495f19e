package blksh.store.pack;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A frame as it came off the disk, decompressed. Its pages are proven as they are wanted, by any
 * thread; none is to be used before.
 */
final class LoadedFrame {
  /** Pages there is room for. */
  final int room;

  /** The frame's pages, one after another. */
  final byte[] raw;

  /** Where each page begins in {@link #raw}; one more entry than pages. */
  final int[] starts;

  /** Digests of the pages, one after another. */
  final byte[] digests;

  int firstPage;
  int pages;

  /** Bit i is set when page i has its digest. */
  private final AtomicInteger proven = new AtomicInteger();

  /** Bit i is set when page i has not. */
  private final AtomicInteger failed = new AtomicInteger();

  /** Whether there are pages that may be proven. */
  private volatile boolean whole;

  /** Whether it could not even be read. */
  private volatile boolean unread;

  /** What was wrong, or null. */
  private volatile String damage;

  /**
   * @param room pages of the largest frame it will hold
   * @param bytes of all its pages
   */
  LoadedFrame(int room, int bytes) {
    this.room = room;
    raw = new byte[bytes];
    starts = new int[room + 1];
    digests = new byte[room * Page.DIGEST];
  }

  /** Room for any frame. */
  static LoadedFrame largest() {
    return new LoadedFrame(Frame.MAX_PAGES, Frame.MAX_RAW);
  }

  void begin(int firstPage, int pages) {
    this.firstPage = firstPage;
    this.pages = pages;
    whole = false;
    unread = false;
    damage = null;
    proven.set(0);
    failed.set(0);
  }

  /** Says that its pages may be proven, though its header was damaged if that is what is said. */
  void decompressed(String headerDamage) {
    damage = headerDamage;
    whole = true;
  }

  /** Makes it a frame without pages. */
  void fail(String reason) {
    whole = false;
    damage = reason;
  }

  /** Makes it a frame that did not come off the disk. */
  void failToRead(String reason) {
    unread = true;
    fail(reason);
  }

  boolean unread() {
    return unread;
  }

  /** Whether it came off the disk and decompressed. */
  boolean whole() {
    return whole;
  }

  String damage() {
    return damage;
  }

  int proven() {
    return proven.get();
  }

  boolean holds(int page) {
    return page >= firstPage && page < firstPage + pages;
  }

  /** Whether a page is there and was proven. */
  boolean has(int page) {
    int i = page - firstPage;
    return holds(page) && (proven.get() >>> i & 1) != 0 && starts[i + 1] > starts[i];
  }

  /**
   * Proves pages by their digests, once.
   *
   * @param wanted bit i is set when page i matters
   */
  void prove(int wanted, PageProof proof) {
    if (!whole) {
      return;
    }
    int left = wanted & ~(proven.get() | failed.get());
    for (int i = 0; left != 0 && i < pages; i++) {
      int length = starts[i + 1] - starts[i];
      if ((left >>> i & 1) == 0 || length == 0) {
        continue;
      }
      int bit = 1 << i;
      if (proof.holds(raw, starts[i], length, digests, i * Page.DIGEST)) {
        proven.getAndUpdate(bits -> bits | bit);
      } else {
        damage = "page fails its digest";
        failed.getAndUpdate(bits -> bits | bit);
      }
    }
  }
}
