package blksh.store.diskdump;

import blksh.BlkshException;
import blksh.io.DirectoryHandle;
import blksh.io.FileType;
import blksh.io.IoFailure;
import blksh.io.Sqlite;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
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
          if (!isRefilled()) {
            makeAnew();
          }
          return blocks;
        });
  }

  /** Fills the table that is there, so that it keeps what else it has; false when it is spoiled. */
  private boolean isRefilled() throws IOException {
    try (BlockTable table = BlockTable.open(place.table())) {
      table.check();
      fill(table);
      return true;
    } catch (BlkshException e) {
      if (BlockTable.isSpoiled(e)) {
        return false;
      }
      throw e;
    }
  }

  private void makeAnew() throws IOException {
    Sqlite.delete(place.newTable());
    try (BlockTable table = BlockTable.open(place.newTable())) {
      fill(table);
    }
    Sqlite.replace(place.newTable(), place.table());
  }

  private void fill(BlockTable table) throws IOException {
    blocks = 0;
    BlockWalk walk = new BlockWalk(place, this::unlisted);
    table.replace(() -> next(walk));
  }

  private void unlisted(Path directory, IOException e) {
    task.finding(place.shown(directory) + " cannot be listed: " + IoFailure.reason(e));
  }

  /** The blocks of some directories, one at least; none at the end. */
  private List<BlockTable.Row> next(BlockWalk walk) throws IOException {
    List<BlockTable.Row> rows = new ArrayList<>();
    while (rows.isEmpty()) {
      task.checkCancelled();
      List<Path> files = walk.next();
      if (files.isEmpty()) {
        makeFilesDurable();
        break;
      }
      for (Path file : files) {
        String hex = DiskdumpPlace.digestOf(file);
        String problem = hex == null ? "is no block" : problem(file);
        if (problem == null) {
          add(rows, hex, file);
        } else {
          task.finding(place.shown(file) + " " + problem);
        }
      }
    }
    blocks += rows.size();
    return rows;
  }

  private static void add(List<BlockTable.Row> rows, String hex, Path file) throws IOException {
    try {
      rows.add(new BlockTable.Row(hex, Files.size(file)));
    } catch (NoSuchFileException e) {
      // diskdump knows no lock, and has just collected it
    }
  }

  /**
   * Whatever wrote the files, a row must not outlive its file: diskdump asks the table alone, and
   * would leave the block out of every later dump.
   */
  private void makeFilesDurable() throws IOException {
    try (DirectoryHandle store = DirectoryHandle.open(place.store())) {
      store.syncFileSystem();
    }
  }

  /** Why a file cannot be a block, as far as that is seen without reading it; or null. */
  private static String problem(Path file) {
    try {
      FileType found = FileType.of(file);
      if (found != FileType.REGULAR) {
        return found == null ? "leads nowhere" : "is " + found.words();
      }
      return Files.size(file) == 0 ? "is empty, as a cut leaves it" : null;
    } catch (IOException e) {
      return "cannot be looked at: " + IoFailure.reason(e);
    }
  }
}
