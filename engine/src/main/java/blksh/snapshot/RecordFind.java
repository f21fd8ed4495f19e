package blksh.snapshot;

import blksh.BlkshException;
import blksh.task.Task;
import blksh.tree.Excludes;
import blksh.tree.TreeEntry;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;

/** Looks for entries by what was noted of snapshots. */
final class RecordFind {

  private final SnapshotRecord record;
  private final Excludes pattern;
  private final Task task;

  RecordFind(SnapshotRecord record, String pattern, Task task) {
    this.record = record;
    this.task = task;
    try {
      this.pattern = Excludes.NONE.with(List.of(pattern));
    } catch (IllegalArgumentException e) {
      throw new BlkshException("find " + pattern, e.getMessage(), e);
    }
  }

  void in(String name, long snapshot, Consumer<FoundEntry> found) {
    RecordReading reading = new RecordReading(record, snapshot);
    while (reading.next()) {
      task.checkCancelled();
      for (RecordEntry each : reading.entries()) {
        byte[] path = TreeEntry.path(reading.path(), each.name());
        if (!each.isMissing() && pattern.fits(path, each.isDirectory())) {
          found.accept(
              new FoundEntry(
                  name,
                  path,
                  each.type(),
                  each.size(),
                  Instant.ofEpochSecond(each.mtimeSeconds(), each.mtimeNanos()),
                  each.mode()));
        }
      }
    }
  }
}
