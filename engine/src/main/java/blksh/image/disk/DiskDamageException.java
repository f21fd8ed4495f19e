package blksh.image.disk;

import blksh.BlkshException;

/** What leads to the bytes of a virtual disk cannot be: a header or a table contradicts itself. */
public final class DiskDamageException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public DiskDamageException(String action, String problem) {
    super(action, problem);
  }
}
