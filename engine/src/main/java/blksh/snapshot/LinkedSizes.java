package blksh.snapshot;

import blksh.task.Task;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What each snapshot alone keeps, by what was noted: a file that is the same in everything in
 * several snapshots is one file on the disk.
 */
final class LinkedSizes {

  private final LinkedDestination destination;
  private final Task task;

  LinkedSizes(LinkedDestination destination, Task task) {
    this.destination = destination;
    this.task = task;
  }

  List<Snapshot> of(List<Snapshot> snapshots) {
    Map<String, Long> own = new HashMap<>();
    destination
        .record()
        .ownBytes(task)
        .forEach((snapshot, bytes) -> own.put(snapshot.snapshot().name(), bytes));
    List<Snapshot> sized = new ArrayList<>();
    for (Snapshot each : snapshots) {
      Long bytes = own.get(each.name());
      sized.add(bytes == null ? each : each.withSizes(bytes, Math.max(0, each.bytes() - bytes)));
    }
    return sized;
  }
}
