package blksh.task;

import blksh.BlkshException;

/** A long operation stopped because somebody asked it to; what it left behind is whole. */
public final class CancelledException extends BlkshException {

  public CancelledException(String action) {
    super(action, "interrupted");
  }
}
