package blksh.snapshot;

import blksh.task.Task;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What each snapshot alone keeps, by what was noted: a file that is the same in everything in
 * several snapshots is one file on the disk.
 */
final class LinkedSizes {

  private final SnapshotRecord record;
  private final Task task;

  LinkedSizes(LinkedDestination destination, Task task) {
    this.record = destination.record();
    this.task = task;
  }

  List<Snapshot> of(List<Snapshot> snapshots) {
    Map<String, Long> own = new HashMap<>();
    ownBytes().forEach((snapshot, bytes) -> own.put(snapshot.snapshot().name(), bytes));
    List<Snapshot> sized = new ArrayList<>();
    for (Snapshot each : snapshots) {
      Long bytes = own.get(each.name());
      sized.add(bytes == null ? each : each.withSizes(bytes, Math.max(0, each.bytes() - bytes)));
    }
    return sized;
  }

  /** Of each snapshot the bytes of the files that no other has, each file once. */
  private Map<SnapshotRecord.Noted, Long> ownBytes() {
    Map<SnapshotRecord.Noted, Long> own = new LinkedHashMap<>();
    record.call(
        "compare the snapshots",
        () -> {
          record.execute("DROP TABLE IF EXISTS temp.owner");
          record.execute(
              "CREATE TEMP TABLE owner (key INTEGER PRIMARY KEY, snapshot INTEGER, size INTEGER)");
          // A part that several snapshots have says of its files all there is to be said.
          try (Statement statement = record.connection().createStatement();
              PreparedStatement add =
                  record
                      .connection()
                      .prepareStatement(
                          """
                      INSERT INTO owner VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE
                      SET snapshot = -1 WHERE snapshot <> excluded.snapshot""");
              ResultSet parts =
                  statement.executeQuery(
                      """
                      SELECT part, CASE WHEN min(snapshot) = max(snapshot) THEN min(snapshot)
                      ELSE -1 END FROM directory GROUP BY part""")) {
            record.execute("BEGIN");
            while (parts.next()) {
              task.checkCancelled();
              for (RecordEntry each : record.entries(parts.getLong(1))) {
                if (each.digest().length > 0 && !each.isMissing()) {
                  add.setLong(1, each.fileKey());
                  add.setLong(2, parts.getLong(2));
                  add.setLong(3, each.size());
                  add.executeUpdate();
                }
              }
            }
            record.execute("COMMIT");
          }
          for (SnapshotRecord.Noted each : record.snapshots()) {
            try (PreparedStatement sum =
                record
                    .connection()
                    .prepareStatement(
                        "SELECT coalesce(sum(size), 0) FROM owner WHERE snapshot = ?")) {
              sum.setLong(1, each.id());
              own.put(each, SnapshotRecord.number(sum));
            }
          }
          record.execute("DROP TABLE temp.owner");
          return null;
        });
    return own;
  }
}
