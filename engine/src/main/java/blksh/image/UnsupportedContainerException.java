package blksh.image;

import blksh.BlkshException;

/**
 * What was opened holds an image inside, as disks of virtual machines and images of forensics do,
 * and is not read: its own bytes are of no use as those of a drive.
 */
public final class UnsupportedContainerException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public UnsupportedContainerException(String action, String problem) {
    super(action, problem);
  }
}
