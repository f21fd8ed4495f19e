package blksh.image;

import blksh.BlkshException;

/** The header of an image does not match its own checksum. */
public final class HeaderCrcException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public HeaderCrcException(String action, String problem) {
    super(action, problem);
  }
}
