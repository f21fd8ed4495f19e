package blksh.snapshot;

import blksh.task.Task;
import blksh.tree.TreeEntry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Compares what was noted of two snapshots. Directories that are the same in both are not looked
 * into: what it costs grows with what differs.
 */
final class RecordDiff {

  /** Files of which it is looked whether they were moved; of more only the first. */
  private static final int MOVES = 200_000;

  private final SnapshotRecord record;
  private final long before;
  private final long after;
  private final Task task;

  /** Paths of files that are gone, by what they were. */
  private final Map<Long, Deque<byte[]>> gone = new HashMap<>();

  private final Map<Long, Integer> come = new HashMap<>();

  RecordDiff(SnapshotRecord record, long before, long after, Task task) {
    this.record = record;
    this.before = before;
    this.after = after;
    this.task = task;
  }

  /** Takes the entries of both that have a path; null where there is none. */
  private interface Pairs {
    void take(byte[] path, RecordEntry old, RecordEntry now);
  }

  void run(Consumer<TreeDifference> differences) {
    go(this::count);
    Map<Long, Integer> moved = new HashMap<>();
    gone.forEach(
        (key, paths) -> {
          int both = Math.min(paths.size(), come.getOrDefault(key, 0));
          if (both > 0) {
            moved.put(key, both);
          }
        });
    gone.keySet().retainAll(moved.keySet());
    Map<Long, Integer> leaving = new HashMap<>(moved);
    go((path, old, now) -> tell(path, old, now, leaving, differences));
  }

  private void count(byte[] path, RecordEntry old, RecordEntry now) {
    if (now == null && isFile(old) && gone.size() < MOVES) {
      gone.computeIfAbsent(old.fileKey(), none -> new ArrayDeque<>()).add(path);
    } else if (old == null && isFile(now) && come.size() < MOVES) {
      come.merge(now.fileKey(), 1, Integer::sum);
    }
  }

  private static boolean isFile(RecordEntry entry) {
    return entry.digest().length > 0 && entry.size() > 0;
  }

  private void tell(
      byte[] path,
      RecordEntry old,
      RecordEntry now,
      Map<Long, Integer> leaving,
      Consumer<TreeDifference> differences) {
    if (old == null) {
      Deque<byte[]> from = isFile(now) ? gone.get(now.fileKey()) : null;
      byte[] moved = from == null ? null : from.poll();
      differences.accept(
          new TreeDifference(
              moved == null ? TreeDifference.Kind.ADDED : TreeDifference.Kind.MOVED,
              path,
              moved,
              moved == null ? -1 : now.size(),
              now.size()));
    } else if (now == null) {
      int left = isFile(old) ? leaving.getOrDefault(old.fileKey(), 0) : 0;
      if (left > 0) {
        leaving.put(old.fileKey(), left - 1);
      } else {
        differences.accept(
            new TreeDifference(TreeDifference.Kind.REMOVED, path, null, old.size(), -1));
      }
    } else if (!old.hasContentsOf(now)) {
      differences.accept(
          new TreeDifference(TreeDifference.Kind.CHANGED, path, null, old.size(), now.size()));
    } else if (!old.hasMetadataOf(now)) {
      differences.accept(
          new TreeDifference(TreeDifference.Kind.METADATA, path, null, old.size(), now.size()));
    }
  }

  /** All the parts of a directory. */
  private record Directory(byte[] path, List<Long> parts) {}

  private static final class Directories {
    private final RecordReading reading;
    private boolean more;

    Directories(RecordReading reading) {
      this.reading = reading;
      this.more = reading.next();
    }

    Directory next() {
      if (!more) {
        return null;
      }
      byte[] path = reading.path();
      List<Long> parts = new ArrayList<>();
      while (more && Arrays.equals(reading.path(), path)) {
        parts.add(reading.part().id());
        more = reading.next();
      }
      return new Directory(path, parts);
    }
  }

  private void go(Pairs pairs) {
    Directories olds = new Directories(new RecordReading(record, before));
    Directories nows = new Directories(new RecordReading(record, after));
    Directory old = olds.next();
    Directory now = nows.next();
    while (old != null || now != null) {
      task.checkCancelled();
      int order = old == null ? 1 : now == null ? -1 : compare(old.path, now.path);
      if (order != 0 || !old.parts.equals(now.parts)) {
        pair(order < 0 || order == 0 ? old : null, order > 0 || order == 0 ? now : null, pairs);
      }
      old = order <= 0 ? olds.next() : old;
      now = order >= 0 ? nows.next() : now;
    }
  }

  /** In the order of a walk: a slash comes before every other byte. */
  private static int compare(byte[] a, byte[] b) {
    int same = Arrays.mismatch(a, b);
    if (same < 0) {
      return 0;
    }
    if (same == a.length || same == b.length) {
      return Integer.compare(a.length, b.length);
    }
    int left = a[same] == '/' ? 0 : a[same] & 0xff;
    int right = b[same] == '/' ? 0 : b[same] & 0xff;
    return Integer.compare(left, right);
  }

  private void pair(Directory old, Directory now, Pairs pairs) {
    byte[] path = old == null ? now.path : old.path;
    List<RecordEntry> olds = entries(old);
    List<RecordEntry> nows = entries(now);
    int i = 0;
    int j = 0;
    while (i < olds.size() || j < nows.size()) {
      int order =
          i == olds.size()
              ? 1
              : j == nows.size()
                  ? -1
                  : Arrays.compareUnsigned(olds.get(i).name(), nows.get(j).name());
      RecordEntry left = order <= 0 ? olds.get(i++) : null;
      RecordEntry right = order >= 0 ? nows.get(j++) : null;
      byte[] name = left == null ? right.name() : left.name();
      pairs.take(TreeEntry.path(path, name), left, right);
    }
  }

  private List<RecordEntry> entries(Directory directory) {
    List<RecordEntry> all = new ArrayList<>();
    if (directory != null) {
      directory.parts.forEach(it -> all.addAll(record.entries(it)));
    }
    return all;
  }
}
