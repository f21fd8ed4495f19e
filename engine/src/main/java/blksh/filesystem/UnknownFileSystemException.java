package blksh.filesystem;

import blksh.BlkshException;

/** A source holds no file system whose files can be read without mounting it. */
public final class UnknownFileSystemException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public UnknownFileSystemException(String action, String problem) {
    super(action, problem);
  }
}
