package blksh.image;

import blksh.BlkshException;

/** A record between the blocks of an image is none of those the format knows. */
public final class BadRecordException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public BadRecordException(String action, String problem) {
    super(action, problem);
  }
}
