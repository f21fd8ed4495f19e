package blksh.tree;

/**
 * An entry of a directory that a walk does not give, as it was asked not to.
 *
 * @param name its bytes; of what is left out together, as all in a marked directory, that of the
 *     mark
 */
public record LeftOut(byte[] name, Why why) {

  /** Why it is left out. */
  public enum Why {
    /** A pattern says so. */
    PATTERN("left out by a pattern"),
    /** It is larger than was asked for. */
    TOO_LARGE("larger than the limit"),
    /** Something is mounted there, and one file system was asked for; the directory is given. */
    MOUNT("another file system is mounted there"),
    /** It is mounted below itself: to enter it would never end; the directory is given. */
    MOUNT_LOOP("it is a directory above, mounted there once more"),
    /** All that is in a directory with a file {@code .nobackup}. */
    MARKED("in a directory with .nobackup"),
    /** All that is in a directory that says it is a cache, but the tag that says so. */
    CACHE("in a cache directory (CACHEDIR.TAG)"),
    /** It is the place that is written to. */
    OWN("the destination itself");

    private final String words;

    Why(String words) {
      this.words = words;
    }

    /** For people, as a clause. */
    public String words() {
      return words;
    }
  }
}
