package blksh.block;

import blksh.io.UnreadableException;

/**
 * A range could not be read because the medium is no longer there: it was taken out, another took
 * its place, or the drive is gone. It says nothing about the range.
 */
public final class MediumGoneException extends UnreadableException {

  /** As for {@link UnreadableException}. */
  public MediumGoneException(
      String source, long start, long length, String problem, Throwable cause) {
    super(source, start, length, problem, cause);
    suggest("put the medium back; what was read is kept");
  }

  @Override
  public boolean isGone() {
    return true;
  }
}
