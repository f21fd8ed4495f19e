package blksh.snapshot;

import blksh.io.DirectoryHandle;
import blksh.io.SystemCallException;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The snapshots a new one is linked to: of each target the newest that has it. */
final class PreviousTrees implements Closeable {

  private record Tree(long id, DirectoryHandle root) {}

  private final List<Tree> trees = new ArrayList<>();

  /**
   * A directory of one of them.
   *
   * @param id number of the snapshot
   */
  record Opened(long id, DirectoryHandle directory) implements Closeable {
    @Override
    public void close() {
      directory.close();
    }
  }

  /**
   * @param snapshots that may be linked to, the newest last
   */
  static PreviousTrees of(
      DirectoryHandle top, List<SnapshotRecord.Noted> snapshots, List<byte[]> targets)
      throws IOException {
    PreviousTrees previous = new PreviousTrees();
    boolean ready = false;
    try {
      List<byte[]> wanted = new ArrayList<>(targets);
      for (int i = snapshots.size() - 1; i >= 0 && !wanted.isEmpty(); i--) {
        SnapshotRecord.Noted each = snapshots.get(i);
        DirectoryHandle root = top.directory(LinkedDestination.bytes(each.snapshot().name()));
        if (wanted.removeIf(it -> has(root, it))) {
          previous.trees.add(new Tree(each.id(), root));
        } else {
          root.close();
        }
      }
      ready = true;
      return previous;
    } finally {
      if (!ready) {
        previous.close();
      }
    }
  }

  private static boolean has(DirectoryHandle root, byte[] path) {
    try {
      return root.statusIfAny(path) != null;
    } catch (IOException e) {
      return false;
    }
  }

  /** The directory of a path in the first of them that has it; null when none has. */
  Opened open(byte[] path) throws IOException {
    for (Tree each : trees) {
      try {
        return new Opened(each.id, each.root.directory(path));
      } catch (SystemCallException e) {
        // it is not there, or not to be read: nothing is linked to it
      }
    }
    return null;
  }

  @Override
  public void close() {
    trees.forEach(it -> it.root.close());
  }
}
