package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.io.DirectBuffer;
import blksh.io.DirectoryHandle;
import blksh.io.EntryFile;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.io.PathBytes;
import blksh.io.SystemCallException;
import blksh.task.Task;
import blksh.tree.TreeEntry;
import blksh.tree.TreeMetadata;
import blksh.tree.TreeWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Copies out of a tree. Never writes over anything, nor through a link it made itself. A file has
 * its name only once all of it is there: what ends this leaves at most one that has none yet.
 */
final class CopyOut {

  private static final int CHUNK = 1 << 20;

  /** Bits that let a program act as its owner or group. */
  private static final int SET_IDS = 06000;

  /** Of an owner or group: stays as it is. */
  private static final int SAME = -1;

  /** Different things that could not be kept are told apart up to so many. */
  private static final int MOST_CLAUSES = 200;

  private final FileTree tree;
  private final Task task;
  private final TreeWalk walk;
  private final int user = DirectoryHandle.user();

  /** Where the first name of each file was made that has more. */
  private final MadeNames made = new MadeNames();

  /** What could not be kept, with the first it belongs to and how many there are. */
  private final Map<String, Lost> lost = new LinkedHashMap<>();

  private long otherOwners;
  private long setIds;

  private static final class Lost {
    private final String first;
    private long count;

    Lost(String first) {
      this.first = first;
    }
  }

  /** A directory whose files are there, with the directories in it that are not yet. */
  private record Open(byte[] path, Iterator<FileEntry> rest) {}

  CopyOut(FileTree tree, Task task) {
    this.tree = tree;
    this.task = task;
    this.walk = new TreeWalk(tree, task);
  }

  void copy(FileEntry entry, Path target) {
    task.checkCancelled();
    String action = "copy %s to %s".formatted(entry.path(), target);
    byte[] whole = PathBytes.of(target);
    int slash = whole.length - 1;
    while (slash > 0 && whole[slash] != '/') {
      slash--;
    }
    byte[] name = Arrays.copyOfRange(whole, slash + 1, whole.length);
    Path parent = PathBytes.path(Arrays.copyOf(whole, Math.max(1, slash)));
    try (TreeWriter writer = new TreeWriter(parent, this::lose)) {
      if (name.length == 0 || isThere(parent, name)) {
        throw new BlkshException(action, "it exists");
      }
      if (!one(writer, entry, name)) {
        return;
      }
      if (entry.isDirectory()) {
        inside(writer, entry, name);
      }
      writer.finish();
      tell();
    } catch (UncheckedIOException e) {
      throw IoFailure.told(action, e.getCause());
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    } finally {
      made.close();
    }
  }

  private static boolean isThere(Path parent, byte[] name) throws IOException {
    try (DirectoryHandle in = DirectoryHandle.open(parent)) {
      return in.statusIfAny(name) != null;
    }
  }

  private void inside(TreeWriter writer, FileEntry top, byte[] path) throws IOException {
    Deque<Open> open = new ArrayDeque<>();
    walk.enters(top);
    open.push(new Open(path, files(writer, top, path)));
    while (!open.isEmpty()) {
      Open directory = open.peek();
      if (!directory.rest.hasNext()) {
        open.pop();
        continue;
      }
      FileEntry entry = directory.rest.next();
      byte[] target = TreeEntry.path(directory.path, NameText.name(entry.name()));
      if (survives(writer, entry, target)) {
        open.push(new Open(target, files(writer, entry, target)));
      }
    }
  }

  /** Makes what is in a directory but for directories, which it returns. */
  private Iterator<FileEntry> files(TreeWriter writer, FileEntry directory, byte[] path) {
    List<FileEntry> directories = new ArrayList<>();
    walk.list(
        directory,
        entry -> {
          if (entry.isDirectory()) {
            if (walk.enters(entry)) {
              directories.add(entry);
            }
          } else if (entry.kind() != FileEntry.Kind.DAMAGED) {
            try {
              survives(writer, entry, TreeEntry.path(path, NameText.name(entry.name())));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        });
    return directories.iterator();
  }

  /** Makes an entry, unless it cannot be made and others may; then it is left out. */
  private boolean survives(TreeWriter writer, FileEntry entry, byte[] target) throws IOException {
    try {
      return one(writer, entry, target);
    } catch (SystemCallException e) {
      // whether it is about one name or one file, and others may go well
      if (!e.isOfOneFile()) {
        throw e;
      }
      walk.leave("left out %s: %s".formatted(entry.path(), IoFailure.reason(e)));
    } catch (BlkshException e) {
      FileEntry.survived(e);
      walk.leave("left out %s: %s".formatted(entry.path(), e.getMessage()));
    }
    return false;
  }

  /** Makes an entry, of a directory only itself. @return false when it was left out */
  private boolean one(TreeWriter writer, FileEntry entry, byte[] path) throws IOException {
    task.checkCancelled();
    if (entry.kind() == FileEntry.Kind.SPECIAL) {
      walk.leave("left out %s: a device, pipe or socket".formatted(entry.path()));
      return false;
    }
    if (entry.kind() == FileEntry.Kind.DAMAGED) {
      throw new FileSystemDamageException("copy " + entry.path(), entry.problem());
    }
    if (entry.kind() == FileEntry.Kind.LINK && entry.link().isEmpty()) {
      walk.leave("left out %s: where the link leads cannot be told".formatted(entry.path()));
      return false;
    }
    TreeMetadata metadata = allowed(metadata(entry));
    switch (entry.kind()) {
      case DIRECTORY -> writer.directory(path, metadata);
      case LINK -> writer.link(path, metadata, NameText.name(entry.link()));
      default -> file(writer, entry, path, metadata);
    }
    for (String clause : tree.leftBehind(entry)) {
      lose(entry.path(), clause);
    }
    return true;
  }

  private TreeMetadata metadata(FileEntry entry) {
    try {
      return tree.metadata(entry);
    } catch (BlkshException e) {
      lose(
          entry.path(),
          "it has only its time and permissions (%s)".formatted(FileEntry.survived(e).problem()));
      return FileTree.plainMetadata(entry);
    }
  }

  private void file(TreeWriter writer, FileEntry entry, byte[] path, TreeMetadata metadata)
      throws IOException {
    long shared = tree.sharedNumber(entry);
    byte[] first = shared == 0 ? null : made.get(shared);
    if (first != null) {
      try {
        writer.name(path, first);
        return;
      } catch (SystemCallException e) {
        lose(entry.path(), "it is a file of its own, and was one more name (hard link)");
      }
    }
    try (BlockSource source = tree.open(entry)) {
      writer.namedFile(path, metadata, file -> write(source, file));
    }
    if (shared != 0 && first == null) {
      made.put(shared, path);
    }
  }

  /** What of it this user may give to files. */
  private TreeMetadata allowed(TreeMetadata all) {
    boolean foreign = all.uid() != SAME && all.uid() != user;
    if (user == 0 || all.uid() == SAME) {
      return all;
    }
    otherOwners += foreign ? 1 : 0;
    setIds += (all.mode() & SET_IDS) != 0 ? 1 : 0;
    return new TreeMetadata(
        all.type(),
        all.mode() & ~SET_IDS,
        SAME,
        SAME,
        all.mtimeSeconds(),
        all.mtimeNanos(),
        all.special(),
        all.attributes());
  }

  private void write(BlockSource source, EntryFile file) throws IOException {
    try (DirectBuffer memory = DirectBuffer.borrow(CHUNK)) {
      for (Iterator<Extent> extents = source.extents(); extents.hasNext(); ) {
        Extent extent = extents.next();
        if (extent.kind().readsAsZeros()) {
          task.checkCancelled();
          task.advance(extent.length());
        } else {
          write(source, extent, file, memory.bytes());
        }
      }
    }
    file.truncate(source.size());
  }

  private void write(BlockSource source, Extent extent, EntryFile file, ByteBuffer buffer)
      throws IOException {
    for (long at = extent.start(); at < extent.end(); ) {
      task.checkCancelled();
      buffer.clear().limit((int) Math.min(CHUNK, extent.end() - at));
      int count = source.read(at, buffer);
      if (count <= 0) {
        throw new FileSystemDamageException(
            "read " + source.describe().name(), "it ends before byte " + at);
      }
      buffer.flip();
      file.write(at, buffer);
      task.advance(count);
      at += count;
    }
  }

  /** Takes a sentence of whoever writes: a path, then a clause about it. */
  private void lose(String sentence) {
    int colon = sentence.lastIndexOf(": it");
    if (colon < 0) {
      walk.leave(sentence);
    } else {
      lose(sentence.substring(0, colon), sentence.substring(colon + 2));
    }
  }

  private void lose(String path, String clause) {
    if (lost.size() == MOST_CLAUSES && !lost.containsKey(clause)) {
      walk.leave("%s: %s".formatted(path, clause));
    } else {
      lost.computeIfAbsent(clause, key -> new Lost(path)).count++;
    }
  }

  private void tell() {
    lost.forEach(
        (clause, it) ->
            walk.leave(
                it.count == 1
                    ? "%s: %s".formatted(it.first, clause)
                    : "%s and %d more: %s".formatted(it.first, it.count - 1, clause)));
    walk.end();
    if (otherOwners > 0) {
      task.note(
          "%d belonged to others, and now belong to you: run it as root to keep owners"
              .formatted(otherOwners));
    }
    if (setIds > 0) {
      task.note(
          "%d ran as their owner or group (set-id), and no longer do: as root they keep it"
              .formatted(setIds));
    }
  }
}
