package blksh.catalogue;

import blksh.task.Task;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;

/**
 * About how many sectors what is new in each directory takes, and in all below it: every content
 * where it comes first.
 */
final class SubtreeSectors {

  private static final int DIRECTORY = 4;

  private final NumberTable in = new NumberTable();
  private final NumberTable below = new NumberTable();

  private static final class Open {
    long id;
    byte[] key;
    long in;
    long below;
  }

  private final ArrayDeque<Open> open = new ArrayDeque<>();

  SubtreeSectors(CatalogueFile file, int[] contentDisc, Task task) throws SQLException {
    BitSet seen = new BitSet();
    try (PreparedStatement statement =
            file.own(
                """
                SELECT s.id, d.id, d.path, e.content, c.size FROM source s
                CROSS JOIN directory d ON d.source = s.id CROSS JOIN entry e ON e.directory = d.id
                LEFT JOIN content c ON c.id = e.content
                WHERE s.imported = 0 AND e.gone IS NULL AND e.name <> ''
                ORDER BY s.id, d.path, e.name""");
        ResultSet rows = statement.executeQuery()) {
      long source = -1;
      long directory = -1;
      while (rows.next()) {
        if (rows.getLong(1) != source) {
          closeAll();
          source = rows.getLong(1);
        }
        if (rows.getLong(2) != directory) {
          task.checkCancelled();
          directory = rows.getLong(2);
          enter(directory, EntryState.bytes(rows, 3));
        }
        int content = rows.getInt(4);
        boolean fresh = content != 0 && contentDisc[content] == 0 && !seen.get(content);
        long sectors = 1;
        if (fresh) {
          seen.set(content);
          sectors += DiscCargo.sectors(rows.getLong(5));
        } else if (content != 0 && contentDisc[content] != 0) {
          sectors = 0;
        }
        Open here = open.peek();
        here.in += sectors;
        here.below += sectors;
      }
    }
    closeAll();
  }

  private void enter(long id, byte[] key) {
    while (!open.isEmpty() && !isBelow(key, open.peek().key)) {
      close();
    }
    Open next = new Open();
    next.id = id;
    next.key = key;
    next.below = DIRECTORY;
    next.in = DIRECTORY;
    open.push(next);
  }

  private static boolean isBelow(byte[] key, byte[] above) {
    return above.length == 0
        || key.length > above.length
            && key[above.length] == 0
            && Arrays.equals(key, 0, above.length, above, 0, above.length);
  }

  private void close() {
    Open done = open.pop();
    in.put(done.id, (int) Math.min(Integer.MAX_VALUE, done.in));
    below.put(done.id, (int) Math.min(Integer.MAX_VALUE, done.below));
    if (!open.isEmpty()) {
      open.peek().below += done.below;
    }
  }

  private void closeAll() {
    while (!open.isEmpty()) {
      close();
    }
  }

  /** Sectors of the files of a directory itself. */
  long in(long directory) {
    return Math.max(0, in.get(directory));
  }

  long below(long directory) {
    return Math.max(0, below.get(directory));
  }
}
