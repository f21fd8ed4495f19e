package blksh.snapshot;

import blksh.store.pack.Page;
import blksh.task.Task;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Compares two stored trees by their tables: what was added, removed, changed, and what is the same
 * file under another name. Reads no contents. What was moved is looked for among as many files as
 * fit into some memory.
 */
final class TreeComparison {

  /** Files on each side among which what was moved is looked for. */
  private static final int LOOKED_AT = 2 << 20;

  private final StoredTree before;
  private final StoredTree after;
  private final Task task;
  private final TreeTable.Cursor firstBefore;
  private final TreeTable.Cursor firstAfter;

  TreeComparison(StoredTree before, StoredTree after, Task task) {
    this.before = before;
    this.after = after;
    this.task = task;
    this.firstBefore = before.table().cursor();
    this.firstAfter = after.table().cursor();
  }

  /** Takes pairs of entries of one path; null on the side where there is none. */
  private interface Pairs {
    void take(TreeRecord then, TreeRecord now);
  }

  void run(Consumer<TreeDifference> differences) {
    Moves moves = new Moves();
    each(
        (then, now) -> {
          if (now == null && isMovable(then)) {
            moves.removed(key(then.digest));
          } else if (then == null && isMovable(now)) {
            moves.added(key(now.digest));
          }
        });
    if (moves.match()) {
      each(
          (then, now) -> {
            if (now == null && isMovable(then)) {
              moves.from(key(then.digest), then);
            }
          });
    } else if (moves.tooMany) {
      task.note("so many files differ that what was moved is told as removed and added");
    }
    each((then, now) -> tell(then, now, moves, differences));
  }

  private void each(Pairs pairs) {
    TreeTable.Cursor a = before.table().cursor();
    TreeTable.Cursor b = after.table().cursor();
    boolean more = a.next();
    boolean others = b.next();
    int done = 0;
    while (more || others) {
      if ((++done & 0xFFFF) == 0) {
        task.checkCancelled();
      }
      TreeRecord then = a.record();
      TreeRecord now = b.record();
      int order =
          !more
              ? 1
              : !others
                  ? -1
                  : PathOrder.compare(then.path, then.pathLength, now.path, now.pathLength);
      if (order == 0) {
        pairs.take(then, now);
      } else if (order < 0) {
        pairs.take(then, null);
      } else {
        pairs.take(null, now);
      }
      more = order <= 0 ? a.next() : more;
      others = order >= 0 ? b.next() : others;
    }
  }

  private void tell(
      TreeRecord then, TreeRecord now, Moves moves, Consumer<TreeDifference> differences) {
    if (then != null && now != null) {
      TreeDifference.Kind kind = kind(then, now);
      if (kind != null) {
        differences.accept(new TreeDifference(kind, now.pathBytes(), null, size(then), size(now)));
      }
    } else if (now == null) {
      if (!(isMovable(then) && moves.isFrom(then))) {
        differences.accept(
            new TreeDifference(
                TreeDifference.Kind.REMOVED, then.pathBytes(), null, size(then), -1));
      }
    } else {
      byte[] from = isMovable(now) ? moves.of(now) : null;
      TreeDifference.Kind kind =
          from == null ? TreeDifference.Kind.ADDED : TreeDifference.Kind.MOVED;
      long size = from == null ? -1 : size(now);
      differences.accept(new TreeDifference(kind, now.pathBytes(), from, size, size(now)));
    }
  }

  private static long size(TreeRecord r) {
    return r.type == TreeRecord.Type.FILE ? r.size : 0;
  }

  private static boolean isMovable(TreeRecord r) {
    return r.hasContents();
  }

  /** What of an entry is another; null when nothing that can be set is. */
  private TreeDifference.Kind kind(TreeRecord then, TreeRecord now) {
    if (then.type != now.type
        || then.state != now.state
        || size(then) != size(now)
        || !Arrays.equals(then.target, now.target)
        || isDevice(then) && then.size != now.size
        || !sameContents(then, now)) {
      return TreeDifference.Kind.CHANGED;
    }
    EntryAttributes a = then.attributes;
    EntryAttributes b = now.attributes;
    boolean same =
        a.mode() == b.mode()
            && a.uid() == b.uid()
            && a.gid() == b.gid()
            && a.extended().equals(b.extended())
            && then.modifiedSeconds == now.modifiedSeconds
            && then.modifiedNanos == now.modifiedNanos;
    return same ? null : TreeDifference.Kind.METADATA;
  }

  private static boolean isDevice(TreeRecord r) {
    return r.type == TreeRecord.Type.CHARACTER_DEVICE || r.type == TreeRecord.Type.BLOCK_DEVICE;
  }

  private boolean sameContents(TreeRecord then, TreeRecord now) {
    if (then.type != TreeRecord.Type.FILE || then.size == 0) {
      return true;
    }
    TreeRecord a = holder(then, firstBefore);
    TreeRecord b = holder(now, firstAfter);
    return a != null && b != null && Arrays.equals(a.digest, b.digest);
  }

  private static TreeRecord holder(TreeRecord r, TreeTable.Cursor firstNames) {
    if (r.firstName == null) {
      return r;
    }
    return firstNames.find(r.firstName) ? firstNames.record() : null;
  }

  private static long key(byte[] digest) {
    long key = 0;
    for (int i = 0; i < Long.BYTES; i++) {
      key = key << 8 | digest[i] & 0xFF;
    }
    return key;
  }

  /** Files that are gone here and new there, with the same contents, which no other of them has. */
  private static final class Moves {
    private long[] gone = new long[1024];
    private int goneCount;
    private long[] come = new long[1024];
    private int comeCount;
    boolean tooMany;

    private record From(byte[] path, byte[] digest) {}

    private final Map<Long, From> from = new HashMap<>();

    void removed(long key) {
      if (goneCount == LOOKED_AT) {
        tooMany = true;
        return;
      }
      gone = goneCount < gone.length ? gone : Arrays.copyOf(gone, 2 * goneCount);
      gone[goneCount++] = key;
    }

    void added(long key) {
      if (comeCount == LOOKED_AT) {
        tooMany = true;
        return;
      }
      come = comeCount < come.length ? come : Arrays.copyOf(come, 2 * comeCount);
      come[comeCount++] = key;
    }

    /** Whether there are any. */
    boolean match() {
      Arrays.sort(gone, 0, goneCount);
      Arrays.sort(come, 0, comeCount);
      if (tooMany) {
        goneCount = 0;
      }
      for (int i = 0; i < goneCount && from.size() < LOOKED_AT / 16; i++) {
        if (isAlone(gone, goneCount, i)) {
          int at = Arrays.binarySearch(come, 0, comeCount, gone[i]);
          if (at >= 0 && isAlone(come, comeCount, at)) {
            from.put(gone[i], new From(null, null));
          }
        }
      }
      gone = new long[0];
      come = gone;
      return !from.isEmpty();
    }

    private static boolean isAlone(long[] sorted, int count, int at) {
      return (at == 0 || sorted[at - 1] != sorted[at])
          && (at + 1 >= count || sorted[at + 1] != sorted[at]);
    }

    void from(long key, TreeRecord then) {
      if (from.containsKey(key)) {
        from.put(key, new From(then.pathBytes(), Arrays.copyOf(then.digest, Page.DIGEST)));
      }
    }

    boolean isFrom(TreeRecord then) {
      return from.containsKey(key(then.digest));
    }

    byte[] of(TreeRecord now) {
      From found = from.get(key(now.digest));
      return found != null && Arrays.equals(found.digest, now.digest) ? found.path : null;
    }
  }
}
