package blksh.snapshot;

import blksh.io.NameText;
import blksh.tree.TreeMetadata;
import blksh.tree.TreeWriter;
import java.io.IOException;
import java.util.List;

/**
 * The directories of a restore that only lead to what was taken, or to what is wanted of it: {@code
 * /home} of {@code /home/joe}. They are somebody else's, so that nobody is told when they cannot be
 * given to whom they belonged.
 */
final class LeadingDirectories {

  private final List<byte[]> targets;
  private final List<byte[]> wanted;

  /**
   * @param wanted paths in the snapshot; empty, or with an empty one, for all of it
   */
  LeadingDirectories(Snapshot snapshot, List<byte[]> wanted) {
    this.targets =
        snapshot.targets().stream().map(it -> NameText.name(it.replaceFirst("^/+", ""))).toList();
    this.wanted = wanted;
  }

  /** Makes a directory of either kind. */
  void make(TreeWriter writer, byte[] path, TreeMetadata metadata) throws IOException {
    if (holds(targets, path) && holds(wanted, path)) {
      writer.directory(path, metadata);
    } else {
      writer.leading(path, metadata);
    }
  }

  private static boolean holds(List<byte[]> tops, byte[] path) {
    return tops.isEmpty()
        || tops.stream().anyMatch(top -> PathOrder.isWithin(path, path.length, top));
  }
}
