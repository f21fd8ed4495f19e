package blksh.image;

import blksh.BlkshException;

/** The data of an image is proven by a checksum not known here. */
public final class UnsupportedChecksumException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public UnsupportedChecksumException(String action, String problem) {
    super(action, problem);
  }
}
