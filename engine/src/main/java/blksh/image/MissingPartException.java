package blksh.image;

import blksh.BlkshException;

/** A part of a split image is missing while later ones are there. */
public final class MissingPartException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public MissingPartException(String action, String problem) {
    super(action, problem);
  }
}
