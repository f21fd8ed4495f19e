package blksh.snapshot;

import blksh.tree.WalkOptions;
import java.nio.file.Path;
import java.util.List;

/**
 * What a snapshot is to be of.
 *
 * @param targets directories and files
 * @param name null for the time, {@code 2026-11-29 03:00}; a name that is taken is refused, unless
 *     it is the time, which gets {@code -2} and so on
 * @param followTargets whether what links lead to is taken too, and absolute links lead into the
 *     snapshot instead
 * @param dryRun whether it is only looked at what would be taken
 */
public record SnapshotRequest(
    List<Path> targets,
    String name,
    List<String> tags,
    WalkOptions options,
    boolean followTargets,
    boolean dryRun) {

  public SnapshotRequest {
    targets = List.copyOf(targets);
    tags = List.copyOf(tags);
    if (targets.isEmpty()) {
      throw new IllegalArgumentException("a snapshot of nothing");
    }
  }

  /** Everything below some directories. */
  public static SnapshotRequest of(Path... targets) {
    return new SnapshotRequest(List.of(targets), null, List.of(), WalkOptions.ALL, false, false);
  }

  /** As this, under a name. */
  public SnapshotRequest named(String name) {
    return new SnapshotRequest(targets, name, tags, options, followTargets, dryRun);
  }

  /** As this, of less. */
  public SnapshotRequest with(WalkOptions options) {
    return new SnapshotRequest(targets, name, tags, options, followTargets, dryRun);
  }

  /** As this, only to look. */
  public SnapshotRequest dry() {
    return new SnapshotRequest(targets, name, tags, options, followTargets, true);
  }
}
