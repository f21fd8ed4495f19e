package blksh.snapshot;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Goes through what was noted of a snapshot, in the order of a walk, a part at a time. */
final class RecordReading {

  /** Parts that are asked for together. */
  private static final int PIECE = 512;

  private final SnapshotRecord record;
  private final long snapshot;
  private final Deque<SnapshotRecord.Part> ahead = new ArrayDeque<>();
  private SnapshotRecord.Part current;
  private boolean ended;

  RecordReading(SnapshotRecord record, long snapshot) {
    this.record = record;
    this.snapshot = snapshot;
  }

  /** Goes to the next part. @return false when there is none */
  boolean next() {
    if (ahead.isEmpty() && !ended) {
      List<SnapshotRecord.Part> more = record.parts(snapshot, current, PIECE);
      ended = more.size() < PIECE;
      ahead.addAll(more);
    }
    if (ahead.isEmpty()) {
      return false;
    }
    current = ahead.poll();
    return true;
  }

  SnapshotRecord.Part part() {
    return current;
  }

  byte[] path() {
    return current.path();
  }

  List<RecordEntry> entries() {
    return record.entries(current.id());
  }
}
