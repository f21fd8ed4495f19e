package blksh.image;

import blksh.io.UnreadableException;

/** An image ends before the last of its blocks, or of their checksums. */
public final class BodyTruncatedException extends UnreadableException {

  /**
   * @param source the image
   * @param start first byte that is missing
   * @param length bytes that are missing, more than 0
   */
  public BodyTruncatedException(String source, long start, long length, String problem) {
    super(source, start, length, problem, null);
  }
}
