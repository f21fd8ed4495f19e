package blksh.image;

import blksh.BlkshException;

/** A size in a header cannot be: zero, beyond every limit, or contradicting another. */
public final class AbsurdSizeException extends BlkshException {

  /** As {@link BlkshException#BlkshException(String, String)}. */
  public AbsurdSizeException(String action, String problem) {
    super(action, problem);
  }
}
