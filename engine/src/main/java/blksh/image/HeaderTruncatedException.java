package blksh.image;

import blksh.BlkshException;

/** An image ends inside its header. */
public final class HeaderTruncatedException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public HeaderTruncatedException(String action, String problem) {
    super(action, problem);
  }
}
