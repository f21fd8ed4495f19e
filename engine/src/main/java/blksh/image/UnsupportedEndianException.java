package blksh.image;

import blksh.BlkshException;

/** An image was written by a machine of the other byte order. */
public final class UnsupportedEndianException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public UnsupportedEndianException(String action, String problem) {
    super(action, problem);
  }
}
