package blksh.snapshot;

/**
 * An entry that is not in a snapshot as it should be.
 *
 * @param path from the root of the snapshot on, shown as it can be typed back
 * @param problem why, for people
 */
public record Finding(String path, Kind kind, String problem) {

  /** What is the matter. */
  public enum Kind {
    /** It could not be read: its contents are missing. */
    UNREAD,
    /** It changed each time while it was read: it may be of several instants. */
    UNSETTLED
  }
}
