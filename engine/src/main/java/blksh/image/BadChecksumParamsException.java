package blksh.image;

import blksh.BlkshException;

/** The size or the spacing of the checksums contradicts their kind. */
public final class BadChecksumParamsException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public BadChecksumParamsException(String action, String problem) {
    super(action, problem);
  }
}
