package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.io.Sha256;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Compares two trees of files, directory by directory. Files of the same path, size, date and inode
 * are taken for the same unless contents are to be compared; other files of the same path and size
 * are read. What is gone from one path and new at another was moved, if it is the same inode with
 * the same size and date (and content, when contents are to be compared), or has the same content;
 * that is looked for among the first {@value #MOST} of each.
 *
 * <p>What cannot be listed or read is a finding of the task, and of that nothing is said. Memory
 * grows with the largest directory, and with what was added and removed up to that number.
 */
public final class FileTreeComparison {

  /** Entries added, and entries removed, among which moves are looked for. */
  private static final int MOST = 200_000;

  private static final int CHUNK = 1 << 20;

  private final FileTree before;
  private final FileTree after;
  private final boolean contents;
  private final Task task;
  private final Consumer<FileDifference> each;
  private final TreeWalk walkBefore;
  private final TreeWalk walkAfter;
  private final List<FileEntry> removed = new ArrayList<>();
  private final List<FileEntry> added = new ArrayList<>();
  private final ByteBuffer one = ByteBuffer.allocate(CHUNK);
  private final ByteBuffer other = ByteBuffer.allocate(CHUNK);
  private boolean cut;

  private FileTreeComparison(
      FileTree before, FileTree after, boolean contents, Task task, Consumer<FileDifference> each) {
    this.before = before;
    this.after = after;
    this.contents = contents;
    this.task = task;
    this.each = each;
    this.walkBefore = new TreeWalk(before, task);
    this.walkAfter = new TreeWalk(after, task);
  }

  /**
   * Compares all of two trees.
   *
   * @param contents whether every file is read that has the same path and size in both
   * @param task advanced by what is read of contents
   * @param each told of every difference, in no order
   * @throws FileSystemDamageException when the top directory of one cannot be listed
   */
  public static void run(
      FileTree before, FileTree after, boolean contents, Task task, Consumer<FileDifference> each) {
    new FileTreeComparison(before, after, contents, task, each).run();
  }

  private void run() {
    walkBefore.enters(before.root());
    walkAfter.enters(after.root());
    Deque<FileDifference> pairs = new ArrayDeque<>();
    FileDifference top =
        new FileDifference(FileDifference.Kind.METADATA, before.root(), after.root());
    compare(top, pairs);
    while (!pairs.isEmpty()) {
      FileDifference pair = pairs.pop();
      try {
        compare(pair, pairs);
      } catch (CancelledException e) {
        throw e;
      } catch (BlkshException e) {
        task.finding("%s: %s".formatted(pair.path(), e.problem()));
      }
    }
    moved();
    walkBefore.end();
    walkAfter.end();
  }

  // ---- directories ---------------------------------------------------------------------------

  /**
   * Compares two directories; those in both are left to come.
   *
   * @param pair the two
   */
  private void compare(FileDifference pair, Deque<FileDifference> pairs) {
    Map<String, FileEntry> old = inside(before, pair.before());
    Map<String, FileEntry> now = inside(after, pair.after());
    TreeSet<String> names = new TreeSet<>(old.keySet());
    names.addAll(now.keySet());
    for (String name : names) {
      task.checkCancelled();
      compare(old.get(name), now.get(name), pairs);
    }
  }

  private Map<String, FileEntry> inside(FileTree tree, FileEntry directory) {
    Map<String, FileEntry> found = new TreeMap<>();
    tree.list(
        directory,
        entry -> {
          task.checkCancelled();
          found.put(entry.name(), entry);
        });
    return found;
  }

  /** Whether only the name of an entry can be read; then nothing is told of it but that. */
  private boolean isDamaged(FileEntry entry) {
    boolean damaged = entry != null && entry.kind() == FileEntry.Kind.DAMAGED;
    if (damaged) {
      task.finding("left out %s: %s".formatted(entry.path(), entry.problem()));
    }
    return damaged;
  }

  private void compare(FileEntry old, FileEntry now, Deque<FileDifference> pairs) {
    if (isDamaged(old) | isDamaged(now)) {
      return;
    }
    if (old == null || now == null || old.kind() != now.kind()) {
      if (old != null && now != null) {
        tell(FileDifference.Kind.CHANGED, old, now);
      }
      gone(old, now == null);
      come(now, old == null);
      return;
    }
    switch (old.kind()) {
      case DIRECTORY -> {
        tellMode(old, now);
        if (walkBefore.enters(old) & walkAfter.enters(now)) {
          pairs.push(new FileDifference(FileDifference.Kind.METADATA, old, now));
        }
      }
      case FILE -> compareFiles(old, now);
      case LINK -> {
        if (old.link() == null ? now.link() != null : !old.link().equals(now.link())) {
          tell(FileDifference.Kind.CHANGED, old, now);
        }
      }
      case SPECIAL -> tellMode(old, now);
      case DAMAGED -> throw new IllegalStateException(old.path());
    }
  }

  private void tell(FileDifference.Kind kind, FileEntry old, FileEntry now) {
    each.accept(new FileDifference(kind, old, now));
  }

  private void tellMode(FileEntry old, FileEntry now) {
    if (old.mode() != now.mode()) {
      tell(FileDifference.Kind.METADATA, old, now);
    }
  }

  /**
   * Notes what is not there any more, with all that is in it.
   *
   * @param itself whether it counts as removed, and not only what is in it
   */
  private void gone(FileEntry entry, boolean itself) {
    if (entry != null) {
      if (itself) {
        keep(removed, entry, FileDifference.Kind.REMOVED);
      }
      inside(before, walkBefore, entry, e -> keep(removed, e, FileDifference.Kind.REMOVED));
    }
  }

  private void come(FileEntry entry, boolean itself) {
    if (entry != null) {
      if (itself) {
        keep(added, entry, FileDifference.Kind.ADDED);
      }
      inside(after, walkAfter, entry, e -> keep(added, e, FileDifference.Kind.ADDED));
    }
  }

  private void inside(FileTree tree, TreeWalk walk, FileEntry entry, Consumer<FileEntry> visitor) {
    if (!entry.isDirectory()) {
      return;
    }
    Deque<FileEntry> directories = new ArrayDeque<>(List.of(entry));
    if (!walk.enters(entry)) {
      return;
    }
    while (!directories.isEmpty()) {
      FileEntry directory = directories.pop();
      try {
        tree.list(
            directory,
            found -> {
              task.checkCancelled();
              if (isDamaged(found)) {
                return;
              }
              visitor.accept(found);
              if (found.isDirectory() && walk.enters(found)) {
                directories.push(found);
              }
            });
      } catch (CancelledException e) {
        throw e;
      } catch (BlkshException e) {
        task.finding("%s: %s".formatted(directory.path(), e.problem()));
      }
    }
  }

  private void keep(List<FileEntry> entries, FileEntry entry, FileDifference.Kind kind) {
    if (entries.size() < MOST) {
      entries.add(entry);
      return;
    }
    if (!cut) {
      cut = true;
      task.note(
          "more than %d entries came or went; of the others none counts as moved".formatted(MOST));
    }
    tellAlone(kind, entry);
  }

  private void tellAlone(FileDifference.Kind kind, FileEntry entry) {
    boolean isNew = kind == FileDifference.Kind.ADDED;
    tell(kind, isNew ? null : entry, isNew ? entry : null);
  }

  // ---- files ---------------------------------------------------------------------------------

  private void compareFiles(FileEntry old, FileEntry now) {
    boolean sameDate = old.modified().equals(now.modified());
    boolean sameSize = old.size() == now.size();
    if (sameSize && !contents && sameDate && old.id() == now.id()) {
      tellMode(old, now);
    } else if (!sameSize || !isSame(old, now)) {
      tell(FileDifference.Kind.CHANGED, old, now);
    } else if (old.mode() != now.mode() || !sameDate) {
      tell(FileDifference.Kind.METADATA, old, now);
    }
  }

  /** Whether two files of one size hold the same; also when one cannot be read, which is told. */
  private boolean isSame(FileEntry old, FileEntry now) {
    try (BlockSource a = before.open(old);
        BlockSource b = after.open(now)) {
      for (long at = 0; at < a.size(); ) {
        task.checkCancelled();
        Extent x = a.extents(at, a.size() - at).next();
        Extent y = b.extents(at, b.size() - at).next();
        long end = Math.min(x.end(), y.end());
        if (x.kind().readsAsZeros() && y.kind().readsAsZeros()) {
          at = end;
          continue;
        }
        int length = (int) Math.min(CHUNK, end - at);
        a.read(at, one.clear().limit(length));
        b.read(at, other.clear().limit(length));
        task.advance(2L * length);
        if (!one.flip().equals(other.flip())) {
          return false;
        }
        at += length;
      }
      return true;
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      task.finding("%s: %s".formatted(now.path(), e.problem()));
      return true;
    }
  }

  // ---- moves ---------------------------------------------------------------------------------

  private void moved() {
    Map<Long, List<FileEntry>> byId = new HashMap<>();
    removed.forEach(e -> byId.computeIfAbsent(e.id(), none -> new ArrayList<>(1)).add(e));
    List<FileEntry> left = new ArrayList<>();
    for (FileEntry now : added) {
      FileEntry old = take(byId.get(now.id()), now);
      if (old == null) {
        left.add(now);
      } else {
        tell(FileDifference.Kind.MOVED, old, now);
      }
    }
    Map<Long, List<FileEntry>> bySize = new HashMap<>();
    for (List<FileEntry> entries : byId.values()) {
      for (FileEntry old : entries) {
        if (old.kind() == FileEntry.Kind.FILE && old.size() > 0) {
          bySize.computeIfAbsent(old.size(), none -> new ArrayList<>(1)).add(old);
        } else {
          tellAlone(FileDifference.Kind.REMOVED, old);
        }
      }
    }
    Map<Long, Map<ByteBuffer, Deque<FileEntry>>> byContent = new HashMap<>();
    Set<FileEntry> moved = Collections.newSetFromMap(new IdentityHashMap<>());
    for (FileEntry now : left) {
      FileEntry old = null;
      if (now.kind() == FileEntry.Kind.FILE && bySize.containsKey(now.size())) {
        Deque<FileEntry> same =
            byContent
                .computeIfAbsent(now.size(), size -> byContent(bySize.get(size)))
                .get(digest(after, now));
        old = same == null ? null : same.poll();
      }
      if (old == null) {
        tellAlone(FileDifference.Kind.ADDED, now);
      } else {
        moved.add(old);
        tell(FileDifference.Kind.MOVED, old, now);
      }
    }
    bySize.values().stream()
        .flatMap(Collection::stream)
        .filter(old -> !moved.contains(old))
        .forEach(old -> tellAlone(FileDifference.Kind.REMOVED, old));
  }

  /** What an entry was, by its inode; it is taken out. */
  private FileEntry take(List<FileEntry> candidates, FileEntry now) {
    if (candidates == null) {
      return null;
    }
    for (FileEntry old : candidates) {
      boolean same = old.size() == now.size() && old.modified().equals(now.modified());
      if (old.kind() == now.kind()
          && (old.isDirectory() || same)
          && (!contents || now.kind() != FileEntry.Kind.FILE || isSame(old, now))) {
        candidates.remove(old);
        return old;
      }
    }
    return null;
  }

  /** Files by their digest, without those that cannot be read. */
  private Map<ByteBuffer, Deque<FileEntry>> byContent(List<FileEntry> files) {
    Map<ByteBuffer, Deque<FileEntry>> found = new HashMap<>();
    for (FileEntry old : files) {
      ByteBuffer digest = digest(before, old);
      if (digest != null) {
        found.computeIfAbsent(digest, none -> new ArrayDeque<>(1)).add(old);
      }
    }
    return found;
  }

  /** SHA-256 of a file; null when it cannot be read, which is told. */
  private ByteBuffer digest(FileTree tree, FileEntry file) {
    MessageDigest digest = Sha256.begin();
    try (BlockSource content = tree.open(file)) {
      for (long at = 0; at < content.size(); ) {
        task.checkCancelled();
        int count = content.read(at, one.clear());
        digest.update(one.flip());
        task.advance(count);
        at += count;
      }
      return ByteBuffer.wrap(digest.digest());
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      task.finding("%s: %s".formatted(file.path(), e.problem()));
      return null;
    }
  }
}
