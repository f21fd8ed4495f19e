package blksh.snapshot;

import blksh.store.Store;
import blksh.task.Task;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Changes a tree and takes snapshots of it, again and again, in a JVM of its own, deleting the
 * oldest now and then; prints a line when each is there. Arguments: store, tree.
 */
final class TakeProgram {

  private TakeProgram() {}

  public static void main(String[] arguments) throws Exception {
    Path tree = Path.of(arguments[1]);
    try (Store store = Store.open(Path.of(arguments[0]));
        StoredSnapshots snapshots = new StoredSnapshots(store, false)) {
      for (int i = 0; ; i++) {
        Files.writeString(tree.resolve("d" + i % 20).resolve("f" + i % 7), "round " + i);
        var taken = snapshots.take(SnapshotRequest.of(tree).named("s"), Task.unwatched());
        System.out.println(taken.snapshot().name());
        if (i % 3 == 2) {
          String oldest = snapshots.list().get(0).name();
          System.out.println("-" + oldest);
          snapshots.delete(java.util.List.of(oldest), false, Task.unwatched());
        }
      }
    }
  }
}
