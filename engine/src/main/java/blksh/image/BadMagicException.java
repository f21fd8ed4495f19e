package blksh.image;

import blksh.BlkshException;

/** What was opened begins like no image, file system or partition table known here. */
public final class BadMagicException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public BadMagicException(String action, String problem) {
    super(action, problem);
  }
}
