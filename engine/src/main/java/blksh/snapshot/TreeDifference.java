package blksh.snapshot;

/**
 * An entry that is another in one snapshot than in another.
 *
 * @param path in the second snapshot; in the first when it was removed
 * @param from path in the first, of what was moved; else null
 * @param sizeBefore bytes; -1 when it was not there
 * @param sizeAfter likewise
 */
public record TreeDifference(Kind kind, byte[] path, byte[] from, long sizeBefore, long sizeAfter) {

  /** What became of it. */
  public enum Kind {
    ADDED,
    REMOVED,
    /** Its contents, or its type. */
    CHANGED,
    /** Its owner, permissions, time or attributes only. */
    METADATA,
    /** The same file under another name. */
    MOVED
  }
}
