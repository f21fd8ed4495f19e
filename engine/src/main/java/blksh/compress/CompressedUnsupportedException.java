package blksh.compress;

import blksh.io.UnreadableException;

/** A compressed stream is whole, but needs something to decode that this program does not give. */
public final class CompressedUnsupportedException extends UnreadableException {

  /** As {@link UnreadableException}, in bytes of the uncompressed data. */
  public CompressedUnsupportedException(
      String source, long start, long length, String problem, Throwable cause) {
    super(source, start, length, problem, cause);
  }
}
