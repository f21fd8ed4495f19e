package blksh.filesystem;

/** A bitmap of any size, read in pieces as its bits are asked for; the last piece is kept. */
final class Bits {

  private static final int PIECE = 1 << 20;

  /** Reads a part of the bitmap. */
  interface Reader {
    /**
     * @param at byte of the bitmap
     * @param length bytes, all of them in the bitmap
     */
    Structure read(long at, int length) throws Unmapped;
  }

  private final long length;
  private final Reader reader;
  private long start = -1;
  private Structure piece;

  /**
   * @param length bytes
   */
  Bits(long length, Reader reader) {
    this.length = length;
    this.reader = reader;
  }

  /** A bit by its number, the lowest of each byte first. */
  boolean get(long number) throws Unmapped {
    long at = number >>> 3;
    if (at >= length) {
      throw new IndexOutOfBoundsException("bit " + number);
    }
    long wanted = at / PIECE * PIECE;
    if (wanted != start) {
      piece = reader.read(wanted, (int) Math.min(PIECE, length - wanted));
      start = wanted;
    }
    return piece.bit(number - 8 * start);
  }
}
