package blksh.filesystem;

/**
 * What is another in one tree of files than in another.
 *
 * @param kind what became of it
 * @param before as it was; null of what was added
 * @param after as it is; null of what was removed
 */
public record FileDifference(Kind kind, FileEntry before, FileEntry after) {

  /** What became of an entry. */
  public enum Kind {
    ADDED,
    REMOVED,
    /** Another content, another target of a link, or another kind of entry. */
    CHANGED,
    /** At another path: the same inode with the same size and date, or the same content. */
    MOVED,
    /** The same content, and other permissions, or of a file another date. */
    METADATA
  }

  /** Where it is, or was when it was removed. */
  public String path() {
    return after == null ? before.path() : after.path();
  }
}
