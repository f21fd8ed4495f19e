package blksh.image.disk;

import blksh.BlkshException;

/**
 * A file that a virtual disk names is not there, is not the one that is meant, leads back to
 * itself, or lies where it is not looked for.
 */
public final class MissingDiskException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public MissingDiskException(String action, String problem) {
    super(action, problem);
  }
}
