package blksh.snapshot;

import blksh.io.DirectoryHandle;
import blksh.io.FileStatus;
import blksh.task.Task;
import blksh.tree.TreeEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Blobs that no snapshot has: those whose only name is that of the blob. To be called under the
 * lock of the destination.
 */
final class UnusedBlobs {

  private UnusedBlobs() {}

  /**
   * Removes them, and the directories that get empty by it.
   *
   * @param dryRun whether they are only counted
   */
  static CollectedBlobs remove(DirectoryHandle root, boolean dryRun, Task task) throws IOException {
    long count = 0;
    long bytes = 0;
    for (byte[] first : names(root, new byte[0])) {
      task.checkCancelled();
      if (!root.status(first).isDirectory()) {
        if (!dryRun && root.status(first).links() <= 1 || isBeside(first)) {
          remove(root, first, dryRun);
        }
        continue;
      }
      for (byte[] second : names(root, first)) {
        byte[] inner = TreeEntry.path(first, second);
        if (!root.status(inner).isDirectory()) {
          continue;
        }
        for (byte[] third : names(root, inner)) {
          byte[] path = TreeEntry.path(inner, third);
          FileStatus status = root.status(path);
          if (status.isRegular() && status.links() == 1) {
            count++;
            bytes += status.size();
            remove(root, path, dryRun);
          }
        }
        removeIfEmpty(root, inner, dryRun);
      }
      removeIfEmpty(root, first, dryRun);
    }
    return new CollectedBlobs(count, bytes);
  }

  /** A name that was to become a blob's, or a snapshot's. */
  private static boolean isBeside(byte[] name) {
    return name.length > 4 && name[0] == 'n' && name[1] == 'e' && name[2] == 'w' && name[3] == '.';
  }

  private static List<byte[]> names(DirectoryHandle root, byte[] path) throws IOException {
    List<byte[]> names = new ArrayList<>();
    try (DirectoryHandle directory = root.directory(path)) {
      directory.list(names::add);
    }
    return names;
  }

  private static void remove(DirectoryHandle root, byte[] path, boolean dryRun) throws IOException {
    if (!dryRun) {
      root.remove(path);
    }
  }

  private static void removeIfEmpty(DirectoryHandle root, byte[] path, boolean dryRun)
      throws IOException {
    if (!dryRun && names(root, path).isEmpty()) {
      root.removeDirectory(path);
    }
  }
}
