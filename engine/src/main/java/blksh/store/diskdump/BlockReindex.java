package blksh.store.diskdump;

import blksh.BlkshException;
import blksh.io.Sqlite;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Makes the table of blocks again from their files. Until that is done it is as it was. */
final class BlockReindex {

  private final DiskdumpPlace place;
  private final Task task;
  private long blocks;

  BlockReindex(DiskdumpPlace place, Task task) {
    this.place = place;
    this.task = task;
  }

  /**
   * @return how many blocks there are
   */
  long run() throws IOException {
    return DiskdumpLock.holding(
        place,
        () -> {
          try (BlockTable table = table()) {
            BlockWalk walk = new BlockWalk(place);
            table.replace(() -> next(walk));
            return blocks;
          }
        });
  }

  /** The table, or an empty one in place of what is none. */
  private BlockTable table() throws IOException {
    try {
      return BlockTable.open(place.table());
    } catch (BlkshException e) {
      if (e.getCause() instanceof SQLException cause
          && Sqlite.failure(cause) == Sqlite.Failure.DAMAGED) {
        Sqlite.delete(place.table());
        return BlockTable.open(place.table());
      }
      throw e;
    }
  }

  /** The blocks of some directories, one at least; none at the end. */
  private List<BlockTable.Row> next(BlockWalk walk) throws IOException {
    List<BlockTable.Row> rows = new ArrayList<>();
    while (rows.isEmpty()) {
      task.checkCancelled();
      List<Path> files = walk.next();
      if (files.isEmpty()) {
        break;
      }
      for (Path file : files) {
        String hex = DiskdumpPlace.digestOf(file);
        long bytes = Files.size(file);
        if (hex == null || bytes == 0) {
          task.finding(
              place.shown(file) + (hex == null ? " is no block" : " is empty, as a cut leaves it"));
        } else {
          rows.add(new BlockTable.Row(hex, bytes));
        }
      }
    }
    blocks += rows.size();
    return rows;
  }
}
