package blksh.image;

import blksh.BlkshException;

/** The map of used blocks does not match its checksum, or its end mark is missing. */
public final class BitmapCrcException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public BitmapCrcException(String action, String problem) {
    super(action, problem);
  }
}
