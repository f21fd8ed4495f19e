package blksh.iso;

/** The path tables of ISO 9660 (ECMA-119, 9.4): all directories, each with its parent's number. */
final class PathTable {

  private static final int HEADER = 8;

  private PathTable() {}

  /** Bytes of the record of a directory whose identifier has so many. */
  static int record(int identifier) {
    return HEADER + identifier + identifier % 2;
  }
}
