package blksh.iso;

/**
 * A name that one of the trees of a disc cannot hold as it is. Rock Ridge holds all of them.
 *
 * @param path the true path, from the root on, without a slash at its beginning
 * @param tree the tree
 * @param name what its last part is called there
 */
public record ChangedName(byte[] path, Tree tree, String name) {

  /** A tree that computers show. */
  public enum Tree {
    JOLIET,
    UDF
  }

  /** Whether UDF holds a name as it is, whatever stands beside it. @param name 1 to 255 bytes */
  public static boolean isHeldByUdf(byte[] name) {
    return UdfNames.holds(name);
  }
}
