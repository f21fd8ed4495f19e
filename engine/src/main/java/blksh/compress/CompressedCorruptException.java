package blksh.compress;

import blksh.io.UnreadableException;

/** A compressed stream does not decode, or not to what its checksums say. */
public final class CompressedCorruptException extends UnreadableException {

  /** As {@link UnreadableException}, in bytes of the uncompressed data. */
  public CompressedCorruptException(
      String source, long start, long length, String problem, Throwable cause) {
    super(source, start, length, problem, cause);
  }
}
