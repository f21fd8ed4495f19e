package blksh.image.disk;

import blksh.BlkshException;

/** A virtual disk may be good, and uses something that is not read. */
public final class UnsupportedDiskException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public UnsupportedDiskException(String action, String problem) {
    super(action, problem);
  }
}
