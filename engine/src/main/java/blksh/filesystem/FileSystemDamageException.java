package blksh.filesystem;

import blksh.BlkshException;

/** A file system contradicts itself or its format. What is not damaged can still be read. */
public final class FileSystemDamageException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public FileSystemDamageException(String action, String problem) {
    super(action, problem);
    suggest("restore the image and let fsck look at it");
  }
}
