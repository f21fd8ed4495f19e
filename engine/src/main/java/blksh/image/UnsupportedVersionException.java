package blksh.image;

import blksh.BlkshException;

/** An image is of a version, or uses a feature, not known here. */
public final class UnsupportedVersionException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public UnsupportedVersionException(String action, String problem) {
    super(action, problem);
  }
}
