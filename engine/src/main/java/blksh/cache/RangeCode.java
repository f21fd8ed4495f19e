package blksh.cache;

import java.util.Arrays;

/**
 * Ranges that follow each other, in as few bytes as they need: one or two for most. A {@link
 * RescueMap} of a drive with millions of bad sectors is kept so.
 *
 * <pre>
 * chunk      the status before the first range (1 byte), ranges
 * range      first byte: more follow (bit 7), low 4 bits of the length (bits 6 to 3),
 *            length counts bytes and not sectors of 512 (bit 2), change of status (bits 1, 0)
 *            following bytes: more follow (bit 7), 7 more bits of the length
 * </pre>
 *
 * Neighbours differ in status, so a change of 0 to 3 tells which of the four others follows.
 */
final class RangeCode {

  private static final RescueStatus[] STATUSES = RescueStatus.values();
  private static final int SECTOR = 512;
  private static final int MORE = 0x80;
  private static final int IN_BYTES = 4;
  private static final int FIRST_BITS = 4;
  private static final int NEXT_BITS = 7;

  private RangeCode() {}

  static RescueStatus status(int ordinal) {
    return STATUSES[ordinal];
  }

  /** Reads a chunk from its first range on. */
  static final class Cursor {
    private final byte[] chunk;
    private int at = 1;
    private int status;
    private long start;
    private long end;

    /**
     * @param start the byte of the source where its first range begins
     */
    Cursor(byte[] chunk, long start) {
      this.chunk = chunk;
      this.status = chunk[0];
      this.end = start;
    }

    /** Goes to the next range. @return false when there is none */
    boolean next() {
      if (at == chunk.length) {
        return false;
      }
      int first = chunk[at++];
      long length = (first >> 3) & 0xf;
      int more = first;
      for (int shift = FIRST_BITS; (more & MORE) != 0; shift += NEXT_BITS) {
        more = chunk[at++];
        length |= (long) (more & 0x7f) << shift;
      }
      start = end;
      end += (first & IN_BYTES) == 0 ? length * SECTOR : length;
      status = (status + 1 + (first & 3)) % STATUSES.length;
      return true;
    }

    long start() {
      return start;
    }

    long end() {
      return end;
    }

    /** Ordinal of its status. */
    int status() {
      return status;
    }

    RescueRange range() {
      return new RescueRange(start, end, STATUSES[status]);
    }
  }

  /** Writes one chunk at a time. */
  static final class Writer {
    private byte[] bytes = new byte[1 << 10];
    private int length;
    private int last;
    private int kinds;

    /** Whether nothing was added since a chunk was taken. */
    boolean isEmpty() {
      return length == 0;
    }

    int length() {
      return length;
    }

    /** A bit for each status there is. */
    byte kinds() {
      return (byte) kinds;
    }

    /**
     * Adds the next range.
     *
     * @param count bytes, more than 0
     * @param status ordinal, another than that of the range before
     */
    void add(long count, int status) {
      if (length == 0) {
        last = (status + STATUSES.length - 1) % STATUSES.length;
        bytes[length++] = (byte) last;
      }
      if (length + 12 > bytes.length) {
        bytes = Arrays.copyOf(bytes, 2 * bytes.length);
      }
      boolean sectors = count % SECTOR == 0;
      long rest = sectors ? count / SECTOR : count;
      int first = (status - last - 1 + STATUSES.length) % STATUSES.length;
      first |= (int) (rest & 0xf) << 3 | (sectors ? 0 : IN_BYTES);
      rest >>>= FIRST_BITS;
      bytes[length++] = (byte) (rest == 0 ? first : first | MORE);
      while (rest != 0) {
        int low = (int) (rest & 0x7f);
        rest >>>= NEXT_BITS;
        bytes[length++] = (byte) (rest == 0 ? low : low | MORE);
      }
      last = status;
      kinds |= 1 << status;
    }

    /** What was added, as a chunk; begins the next. */
    byte[] take() {
      byte[] chunk = Arrays.copyOf(bytes, length);
      length = 0;
      kinds = 0;
      return chunk;
    }
  }
}
