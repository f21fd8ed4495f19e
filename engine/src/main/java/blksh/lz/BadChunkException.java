package blksh.lz;

/** A compressed chunk is no chunk of its format. */
public final class BadChunkException extends Exception {

  /**
   * @param problem what is wrong, as it follows "what is compressed there": {@code "ends too
   *     early"}
   */
  public BadChunkException(String problem) {
    super(problem, null, false, false);
  }
}
