package blksh.filesystem;

import blksh.BlkshException;
import blksh.task.Task;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A walk through the directories of a tree that enters none of them twice. What cannot be read is a
 * finding, and the walk goes on beside it.
 */
final class TreeWalk {

  /** No tree that makes sense has longer paths, in characters. */
  private static final int LONGEST_PATH = 1 << 16;

  /** Reasons of more files are only counted. */
  private static final int MOST_TOLD = 100_000;

  private final FileTree tree;
  private final Task task;
  private final Set<Long> entered = new HashSet<>();
  private long left;

  TreeWalk(FileTree tree, Task task) {
    this.tree = tree;
    this.task = task;
  }

  void walk(FileEntry top, Consumer<FileEntry> each) {
    Deque<FileEntry> directories = new ArrayDeque<>();
    if (enters(top)) {
      directories.push(top);
    }
    while (!directories.isEmpty()) {
      FileEntry directory = directories.pop();
      List<FileEntry> inside = new ArrayList<>();
      list(
          directory,
          entry -> {
            each.accept(entry);
            if (!entry.isDirectory()) {
              task.advance(entry.size());
            } else if (enters(entry)) { // before it is kept: it can be named a million times
              inside.add(entry);
            }
          });
      Collections.reverse(inside);
      inside.forEach(directories::push);
    }
    end();
  }

  /**
   * Hands out what is in a directory, and notes what of it cannot be read.
   *
   * @throws BlkshException when it is where this began, and nothing of it can be read
   */
  void list(FileEntry directory, Consumer<FileEntry> each) {
    try {
      tree.list(
          directory,
          entry -> {
            task.checkCancelled();
            if (entry.kind() == FileEntry.Kind.DAMAGED) {
              leave("left out %s: %s".formatted(entry.path(), entry.problem()));
            }
            try {
              each.accept(entry);
            } catch (RuntimeException e) {
              throw new Thrown(e);
            }
          },
          problem -> incomplete(directory, problem));
    } catch (Thrown e) {
      throw e.what;
    } catch (BlkshException e) {
      if (entered.size() <= 1) {
        throw e;
      }
      incomplete(directory, e);
    }
  }

  /** What whoever takes the entries has thrown, which is no failure to list them. */
  private static final class Thrown extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final transient RuntimeException what;

    Thrown(RuntimeException what) {
      super(null, null, false, false);
      this.what = what;
    }
  }

  private void incomplete(FileEntry directory, BlkshException problem) {
    FileEntry.survived(problem);
    task.checkCancelled();
    leave("left out some of what is in %s: %s".formatted(directory.path(), problem.getMessage()));
  }

  /** Notes something that is left out, with its reason. */
  void leave(String sentence) {
    if (left++ < MOST_TOLD) {
      task.finding(sentence);
    }
  }

  /** Says how much more was left out than could be told, and what the tree has to say. */
  void end() {
    if (left > MOST_TOLD) {
      task.finding("left out %d more".formatted(left - MOST_TOLD));
    }
    tree.notes().forEach(task::note);
  }

  /** Notes a directory as entered, and says whether it is to be: not twice, nor without an end. */
  boolean enters(FileEntry directory) {
    if (directory.path().length() > LONGEST_PATH) {
      leave(
          "left out %s…: directories are nested too deeply"
              .formatted(directory.path().substring(0, 100)));
      return false;
    }
    if (!entered.add(tree.place(directory))) {
      leave(
          "left out what is in %s: the directory has more than one place in the tree"
              .formatted(directory.path()));
      return false;
    }
    return true;
  }
}
