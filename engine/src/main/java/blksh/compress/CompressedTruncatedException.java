package blksh.compress;

import blksh.io.UnreadableException;

/** A compressed stream breaks off before its end: what comes after cannot be read. */
public final class CompressedTruncatedException extends UnreadableException {

  /** As {@link UnreadableException}, in bytes of the uncompressed data. */
  public CompressedTruncatedException(
      String source, long start, long length, String problem, Throwable cause) {
    super(source, start, length, problem, cause);
  }
}
