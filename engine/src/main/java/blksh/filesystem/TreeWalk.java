package blksh.filesystem;

import blksh.task.Task;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** A walk through the directories of a tree that enters none of them twice. */
final class TreeWalk {

  /** No tree that makes sense has longer paths, in characters. */
  private static final int LONGEST_PATH = 1 << 16;

  private final FileTree tree;
  private final Task task;
  private final Set<Long> entered = new HashSet<>();

  TreeWalk(FileTree tree, Task task) {
    this.tree = tree;
    this.task = task;
  }

  void walk(FileEntry top, Consumer<FileEntry> each) {
    Deque<FileEntry> directories = new ArrayDeque<>();
    enter(top);
    directories.push(top);
    while (!directories.isEmpty()) {
      FileEntry directory = directories.pop();
      List<FileEntry> inside = new ArrayList<>();
      tree.list(
          directory,
          entry -> {
            task.checkCancelled();
            each.accept(entry);
            if (entry.isDirectory()) {
              enter(entry); // before it is kept: a directory can name one a million times
              inside.add(entry);
            } else {
              task.advance(entry.size());
            }
          });
      Collections.reverse(inside);
      inside.forEach(directories::push);
    }
  }

  /** Notes a directory as entered, which must not have been before. */
  void enter(FileEntry directory) {
    if (directory.path().length() > LONGEST_PATH) {
      throw new FileSystemDamageException(
          "list " + directory.path().substring(0, 100) + "…", "directories are nested too deeply");
    }
    if (!entered.add(directory.id())) {
      throw new FileSystemDamageException(
          "list " + directory.path(), "the directory has more than one place in the tree");
    }
  }
}
