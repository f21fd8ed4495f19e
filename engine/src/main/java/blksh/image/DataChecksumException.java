package blksh.image;

import blksh.io.UnreadableException;

/**
 * The data of an image does not match its checksum. The unreadable range is the part of the damaged
 * group that was asked for; the message names the whole group.
 */
public final class DataChecksumException extends UnreadableException {

  /**
   * @param source the image
   * @param start first byte of the partition that was asked for and is not proven
   * @param length bytes, more than 0
   */
  public DataChecksumException(String source, long start, long length, String problem) {
    super(source, start, length, problem, null);
    suggest("tolerant = true (--tolerant) reads it as it is");
  }
}
