package blksh.snapshot;

import blksh.io.DirectoryHandle;
import blksh.io.FileStatus;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.task.Task;
import blksh.tree.ScanCache;
import blksh.tree.ScanRow;
import blksh.tree.TreeEntry;
import blksh.tree.TreePart;
import blksh.tree.TreeScan;
import blksh.tree.Unread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** What a snapshot would be. Contents are not read, and nothing is written. */
final class DryTake {

  private final Path destination;
  private final SnapshotRequest request;
  private final TakeTargets targets;
  private final Task task;
  private final Problems problems;
  private long entries;
  private long bytes;
  private long unchanged;
  private long read;
  private long toRead;
  private long missing;
  private long leftOut;

  /**
   * @param destination null when there is none yet
   */
  DryTake(Path destination, SnapshotRequest request, TakeTargets targets, Task task) {
    this.destination = destination;
    this.request = request;
    this.targets = targets;
    this.task = task;
    this.problems = new Problems(task);
  }

  TakenSnapshot run() {
    Path scan = destination == null ? null : LinkedDestination.ownOf(destination).resolve("scan");
    ScanCache cache = scan != null && Files.isWritable(scan) ? ScanCache.open(scan) : null;
    try {
      TreeScan.of(Path.of("/"), targets.starts(), request.options().without(own()))
          .run(task, part -> count(part, cache));
    } finally {
      if (cache != null) {
        cache.close();
      }
    }
    return new TakenSnapshot(
        new Snapshot(
            request.name() == null ? "" : request.name(),
            Instant.now(),
            "",
            targets.texts(),
            request.tags(),
            entries,
            bytes,
            -1,
            -1,
            missing,
            false),
        unchanged,
        read,
        toRead,
        leftOut,
        problems.sentences(),
        problems.count());
  }

  private List<FileStatus> own() {
    if (destination == null) {
      return List.of();
    }
    try (DirectoryHandle top = DirectoryHandle.open(destination)) {
      return List.of(top.status());
    } catch (IOException e) {
      throw IoFailure.told("look into " + destination, e);
    }
  }

  private void count(TreePart part, ScanCache cache) {
    leftOut += part.leftOut().size();
    for (Unread each : part.unread()) {
      if (!each.gone()) {
        missing++;
        problems.add(
            "/%s: %s"
                .formatted(
                    NameText.of(TreeEntry.path(part.path(), each.name())),
                    IoFailure.reason(each.failure())));
      }
    }
    ScanRow known = cache == null ? null : cache.known(part.path(), part);
    for (TreeEntry each : part.entries()) {
      entries++;
      if (each.status().isRegular()) {
        bytes += each.status().size();
        if (known != null && known.token(each) != null) {
          unchanged++;
        } else {
          read++;
          toRead += each.status().size();
        }
      }
    }
  }
}
