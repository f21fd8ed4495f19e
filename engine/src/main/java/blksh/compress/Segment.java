package blksh.compress;

import java.io.IOException;

/**
 * A piece of the uncompressed data, of {@link #SIZE} bytes and at a multiple of them.
 *
 * @param bytes the data, {@link #SIZE} bytes or fewer when the data ends or is damaged here
 * @param damage why there is no more, or null when the piece is whole or the data ends here
 */
record Segment(byte[] bytes, IOException damage) {

  /** Bytes in a piece. */
  static final int SIZE = 1 << 18;

  /** Nothing: past the end of the data. */
  static final Segment NOTHING = new Segment(new byte[0], null);

  boolean isWhole() {
    return bytes.length == SIZE;
  }
}
