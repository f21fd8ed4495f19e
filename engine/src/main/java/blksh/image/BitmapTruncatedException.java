package blksh.image;

import blksh.BlkshException;

/** An image ends inside the map of its used blocks. */
public final class BitmapTruncatedException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public BitmapTruncatedException(String action, String problem) {
    super(action, problem);
  }
}
