package blksh.image;

import blksh.BlkshException;

/** The map of used blocks is stored in a way no program wrote consistently. */
public final class UnsupportedBitmapException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public UnsupportedBitmapException(String action, String problem) {
    super(action, problem);
  }
}
