package blksh.compress;

/**
 * A place in a compressed stream where decoding can begin.
 *
 * @param out byte of the uncompressed data that decodes first
 * @param in where its compressed data begins, in the unit of the compression: bytes or bits
 * @param state what the decoder must know of the data before; empty when it needs nothing
 */
record Checkpoint(long out, long in, byte[] state) {

  private static final byte[] NOTHING = {};

  /** The beginning of every stream. */
  static final Checkpoint START = new Checkpoint(0, 0);

  Checkpoint(long out, long in) {
    this(out, in, NOTHING);
  }
}
