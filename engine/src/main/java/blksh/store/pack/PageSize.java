package blksh.store.pack;

/**
 * How large the pages of a store are: a power of two from 4 to 64 KiB. All that goes from numbers
 * of pages to bytes and back goes through here. Whoever does something with pages asks for it once,
 * and keeps it.
 */
public final class PageSize {

  private static final int LEAST_SHIFT = Integer.numberOfTrailingZeros(Page.SIZE);
  private static final int MOST_SHIFT = 16;
  private static final PageSize[] ALL = new PageSize[MOST_SHIFT - LEAST_SHIFT + 1];

  static {
    for (int i = 0; i < ALL.length; i++) {
      ALL[i] = new PageSize(LEAST_SHIFT + i);
    }
  }

  /** Of stores that say nothing else: 4096 bytes, to which file systems align files. */
  public static final PageSize USUAL = ALL[0];

  /** The largest: 65,536 bytes. */
  public static final PageSize LARGEST = ALL[ALL.length - 1];

  private final int shift;
  private final int bytes;

  private PageSize(int shift) {
    this.shift = shift;
    this.bytes = 1 << shift;
  }

  /**
   * The one of so many bytes.
   *
   * @throws IllegalArgumentException when pages cannot have so many, with what they can have
   */
  public static PageSize of(long bytes) {
    PageSize found = orNull(bytes);
    if (found == null) {
      throw new IllegalArgumentException(
          "pages have 4, 8, 16, 32 or 64 KiB, and not %d bytes".formatted(bytes));
    }
    return found;
  }

  /** As {@link #of}, but null when pages cannot have so many bytes. */
  public static PageSize orNull(long bytes) {
    for (PageSize each : ALL) {
      if (each.bytes == bytes) {
        return each;
      }
    }
    return null;
  }

  /** As it stands in a frame: how often 4096 bytes are doubled, 0 to 4. */
  int code() {
    return shift - LEAST_SHIFT;
  }

  /** The one of a code; null when there is none. */
  static PageSize ofCode(int code) {
    return code >= 0 && code < ALL.length ? ALL[code] : null;
  }

  /** Bytes of a page. */
  public int bytes() {
    return bytes;
  }

  /** Pages needed for so many bytes. */
  public long count(long ofBytes) {
    return (ofBytes + bytes - 1) >> shift;
  }

  /** Where a page begins, in bytes; also the bytes of so many pages. */
  public long at(long page) {
    return page << shift;
  }

  /**
   * As above.
   *
   * @throws ArithmeticException when that is more than 2 GiB
   */
  public int at(int page) {
    return Math.multiplyExact(page, bytes);
  }

  /** The page that holds a byte; also the whole pages in so many bytes. */
  public long pageOf(long position) {
    return position >> shift;
  }

  /** As above. */
  public int pageOf(int position) {
    return position >> shift;
  }

  /** The last byte from one on downwards at which a page begins. */
  public long down(long position) {
    return position >> shift << shift;
  }

  /**
   * Bytes of a page of an image.
   *
   * @param page of the image
   * @param size bytes of the image
   */
  public int lengthOf(long page, long size) {
    return (int) Math.min(bytes, size - at(page));
  }

  /** Its bytes, as in {@code 16384}. */
  @Override
  public String toString() {
    return Integer.toString(bytes);
  }
}
