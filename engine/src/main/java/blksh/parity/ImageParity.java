package blksh.parity;

/**
 * How much parity an image of a disc has: of each stripe of 255 sectors so many, and beside them
 * three times the digests of all.
 *
 * @param rows sectors of parity in a stripe, 0 for none, at most {@link #MOST_ROWS}
 */
public record ImageParity(int rows) {

  /** Bytes of a sector. */
  public static final int SECTOR = 2048;

  /** An image with none. */
  public static final ImageParity NONE = new ImageParity(0);

  /** Half of the image may be lost then. */
  public static final int MOST_ROWS = 130;

  static final double LEAST = 0.01;
  static final double MOST = 0.5;

  /** Sectors of a stripe, of data and parity. */
  static final int STRIPE = ReedSolomon.MOST;

  /** How often the digests of a stripe are there, in a sector each. */
  static final int DIGESTS = 3;

  /** An image has a multiple of this many sectors. */
  private static final int UNIT = 32;

  /** The header and the anchor of UDF that come last. */
  private static final int LAST = 2;

  /**
   * @throws IllegalArgumentException when there are too many
   */
  public ImageParity {
    if (rows < 0 || rows > MOST_ROWS) {
      throw new IllegalArgumentException(rows + " rows of parity");
    }
  }

  /**
   * So much that a part of all sectors may be lost, in one piece wherever it is.
   *
   * @param part 0 for none, or 0.01 to 0.5
   */
  public static ImageParity of(double part) {
    if (part == 0) {
      return NONE;
    }
    if (!(part >= LEAST && part <= MOST)) {
      throw new IllegalArgumentException(
          "parity is 1 to 50 percent, and not %s".formatted(100 * part));
    }
    // A piece that begins and ends anywhere takes one sector more of some stripes than its share.
    return new ImageParity((int) (part * (STRIPE + DIGESTS)) + 1);
  }

  /** Sectors of data in a stripe. */
  int columns() {
    return STRIPE - rows;
  }

  /** How many stripes an image has. @param image sectors without parity */
  long stripes(long image) {
    return (image + 1 + columns() - 1) / columns();
  }

  /**
   * Sectors of an image with its parity.
   *
   * @param image sectors of the same without
   */
  public long sectors(long image) {
    if (rows == 0) {
      return image;
    }
    long all = image + (rows + DIGESTS) * stripes(image) + LAST;
    return (all + UNIT - 1) / UNIT * UNIT;
  }

  /**
   * The sectors of the largest image that has no more than some with its parity; a multiple of 32.
   */
  public long largest(long capacity) {
    long low = 0;
    long high = capacity / UNIT;
    while (low < high) {
      long middle = (low + high + 1) / 2;
      if (sectors(middle * UNIT) <= capacity) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low * UNIT;
  }
}
