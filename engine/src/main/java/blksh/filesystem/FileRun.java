package blksh.filesystem;

/**
 * A stretch of a file that lies in one piece.
 *
 * @param start first byte, in the file
 * @param length bytes, more than 0
 * @param at where it is on the volume; {@link #HOLE} when it is nowhere and reads as zeros
 */
record FileRun(long start, long length, long at) {

  static final long HOLE = -1;

  /** Where the runs of a file are found. */
  interface Map {
    /** A run that contains a byte of the file; the longer the better. */
    FileRun at(long position);
  }

  boolean isHole() {
    return at == HOLE;
  }

  long end() {
    return start + length < 0 ? Long.MAX_VALUE : start + length;
  }
}
