package blksh.io;

/** A range could not be read because its file or drive ends before it by now. */
public final class EndedException extends UnreadableException {

  /**
   * As for {@link UnreadableException}.
   *
   * @param size bytes it had when it was opened
   */
  EndedException(String source, long start, long length, long size, Throwable cause) {
    super(
        source,
        start,
        length,
        "it ends there now, but had %d bytes when it was opened".formatted(size),
        cause);
  }

  @Override
  public boolean isGone() {
    return true;
  }
}
