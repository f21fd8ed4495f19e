package blksh.snapshot;

import blksh.io.DirectoryHandle;
import blksh.io.FileStatus;
import blksh.io.SystemCallException;
import blksh.task.Task;
import blksh.tree.TreeEntry;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Removes a tree. Only directories get other permissions for it, where they have to: a file may
 * have names elsewhere, and stays as it is there.
 */
final class TreeRemoval {

  /** Names that are removed before the directory is listed on. */
  private static final int PIECE = 4096;

  private final DirectoryHandle root;
  private final Task task;

  private TreeRemoval(DirectoryHandle root, Task task) {
    this.root = root;
    this.task = task;
  }

  /**
   * Removes an entry of a directory with all that is in it.
   *
   * @param root where it is
   */
  static void remove(DirectoryHandle root, byte[] name, Task task) throws IOException {
    FileStatus status = root.statusIfAny(name);
    if (status == null) {
      return;
    }
    if (status.isDirectory()) {
      new TreeRemoval(root, task).removeAll(name);
    } else {
      root.remove(name);
    }
  }

  private void removeAll(byte[] top) throws IOException {
    Deque<byte[]> open = new ArrayDeque<>();
    open.push(top);
    while (!open.isEmpty()) {
      task.checkCancelled();
      byte[] path = open.peek();
      List<byte[]> below = removeFiles(path);
      if (below.isEmpty()) {
        open.pop();
        removeDirectory(path);
      } else {
        below.forEach(open::push);
      }
    }
  }

  /** Removes what is no directory. @return some of the directories */
  private List<byte[]> removeFiles(byte[] path) throws IOException {
    List<byte[]> below = new ArrayList<>();
    try (DirectoryHandle directory = opened(path)) {
      List<byte[]> names = new ArrayList<>();
      boolean more = true;
      while (more) {
        names.clear();
        directory.list(
            name -> {
              if (names.size() < PIECE) {
                names.add(name);
              }
            });
        more = names.size() == PIECE;
        int removed = 0;
        for (byte[] name : names) {
          if (isDirectory(directory, name)) {
            below.add(TreeEntry.path(path, name));
          } else {
            removed++;
          }
        }
        more &= removed > 0;
        if (more) {
          below.clear();
        }
      }
    }
    return below;
  }

  /** Removes an entry unless it is a directory. */
  private static boolean isDirectory(DirectoryHandle directory, byte[] name) throws IOException {
    try {
      directory.remove(name);
      return false;
    } catch (SystemCallException e) {
      FileStatus status = directory.statusIfAny(name);
      if (status != null && status.isDirectory()) {
        return true;
      }
      if (status == null) {
        return false;
      }
      throw e;
    }
  }

  /** A directory that can be read and written. */
  private DirectoryHandle opened(byte[] path) throws IOException {
    DirectoryHandle directory;
    try {
      directory = root.directory(path);
    } catch (SystemCallException e) {
      try (DirectoryHandle above = root.directory(parent(path))) {
        above.setMode(name(path), 0700);
      }
      directory = root.directory(path);
    }
    if ((directory.status().mode() & 0700) != 0700) {
      directory.setMode(0700);
    }
    return directory;
  }

  private void removeDirectory(byte[] path) throws IOException {
    try (DirectoryHandle above = root.directory(parent(path))) {
      above.removeDirectory(name(path));
    }
  }

  private static byte[] parent(byte[] path) {
    return Arrays.copyOf(path, Math.max(0, slash(path) - 1));
  }

  private static byte[] name(byte[] path) {
    return Arrays.copyOfRange(path, slash(path), path.length);
  }

  private static int slash(byte[] path) {
    int at = path.length;
    while (at > 0 && path[at - 1] != '/') {
      at--;
    }
    return at;
  }
}
