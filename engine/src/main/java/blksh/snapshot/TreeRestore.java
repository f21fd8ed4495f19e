package blksh.snapshot;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.io.DirectBuffer;
import blksh.io.EntryFile;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.Task;
import blksh.tree.TreeMetadata;
import blksh.tree.TreeWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Makes the entries of a stored tree again: of each directory first what is no directory, in the
 * order of the table, then the directories in it. What cannot be made is told, and does not end it,
 * but for a disk that is full.
 */
final class TreeRestore {

  /** Bytes read and written at once. */
  private static final int SOME = 1 << 20;

  private static final byte[] ROOT = {};

  private final StoredTree tree;
  private final BlockSource image;
  private final List<byte[]> selected;
  private final LeadingDirectories leading;
  private final boolean dryRun;
  private final Problems problems;
  private final Task task;
  private final TreeTable.Cursor cursor;
  private final TreeTable.Cursor firstNames;

  /** Where files were made whose first name was not, by that. */
  private final Map<String, byte[]> elsewhere = new HashMap<>();

  private TreeWriter writer;
  private ByteBuffer buffer;
  private long entries;
  private long bytes;

  /**
   * @param selected paths of what is wanted, with all that is below; empty for all
   */
  TreeRestore(
      StoredTree tree, List<byte[]> selected, boolean dryRun, Problems problems, Task task) {
    this.tree = tree;
    this.image = tree.image();
    this.selected = selected.isEmpty() ? List.of(ROOT) : List.copyOf(selected);
    this.leading = new LeadingDirectories(StoredSource.snapshot(tree.manifest()), this.selected);
    this.dryRun = dryRun;
    this.problems = problems;
    this.task = task;
    this.cursor = tree.table().cursor();
    this.firstNames = tree.table().cursor();
  }

  RestoredTree run(Path to) {
    mustBeThere();
    task.expect(tree.manifest().tree().bytes());
    try (DirectBuffer memory = DirectBuffer.borrow(SOME);
        TreeWriter made = dryRun ? null : new TreeWriter(to, problems::add)) {
      writer = made;
      buffer = memory.bytes();
      directories();
      if (made != null) {
        made.finish();
      }
    } catch (IOException e) {
      throw new BlkshException(
          "restore " + tree.manifest().reference() + " to " + to, IoFailure.reason(e), e);
    }
    return new RestoredTree(entries, bytes, problems.sentences(), problems.count());
  }

  private void mustBeThere() {
    for (byte[] each : selected) {
      if (!cursor.find(each)) {
        throw new BlkshException(
                "restore /" + NameText.of(each) + " of " + tree.manifest().reference(),
                "there is no such entry in it")
            .suggest("list the directory it should be in");
      }
    }
  }

  // ---- the way through the tree --------------------------------------------------------------

  /** A directory whose entries that are no directories are made. */
  private static final class Level {
    final byte[] path;

    /** The last directory in it that was entered; null for none. */
    byte[] entered;

    Level(byte[] path) {
      this.path = path;
    }
  }

  private void directories() throws IOException {
    Deque<Level> levels = new ArrayDeque<>();
    levels.push(enter(ROOT));
    while (!levels.isEmpty()) {
      Level level = levels.peek();
      byte[] next = nextDirectory(level);
      if (next == null) {
        levels.pop();
      } else {
        level.entered = next;
        levels.push(enter(next));
      }
    }
  }

  /** Makes what is in a directory but for directories. */
  private Level enter(byte[] directory) throws IOException {
    boolean whole = isWanted(directory);
    if (whole) {
      boolean more = cursor.enter(directory);
      while (more && isIn(directory)) {
        task.checkCancelled();
        if (cursor.record().type != TreeRecord.Type.DIRECTORY) {
          make(cursor.record());
        }
        more = cursor.next();
      }
    } else {
      for (byte[] step : steps(directory)) {
        if (cursor.find(step) && cursor.record().type != TreeRecord.Type.DIRECTORY) {
          make(cursor.record());
        }
      }
    }
    return new Level(directory);
  }

  private boolean isIn(byte[] directory) {
    TreeRecord r = cursor.record();
    return PathOrder.isIn(r.path, r.pathLength, directory);
  }

  /** The next directory in one, made; null when there is none. */
  private byte[] nextDirectory(Level level) throws IOException {
    boolean found = isWanted(level.path) ? seekDirectory(level) : seekStep(level);
    if (!found) {
      return null;
    }
    TreeRecord r = cursor.record();
    byte[] path = r.pathBytes();
    if (isHostile(path)) {
      problems.add(NameText.of(path) + ": there is no such name");
      level.entered = path;
      return nextDirectory(level);
    }
    entries++;
    if (r.state != TreeRecord.State.WHOLE) {
      problems.add("/" + NameText.of(path) + ": " + r.problem);
    }
    if (writer != null) {
      leading.make(writer, path, metadata(r));
    }
    return path;
  }

  private boolean seekDirectory(Level level) {
    boolean more;
    if (level.entered == null) {
      more = cursor.enter(level.path);
    } else {
      more = cursor.find(level.entered) && cursor.next();
    }
    while (more && isIn(level.path)) {
      if (cursor.record().type == TreeRecord.Type.DIRECTORY) {
        return true;
      }
      more = cursor.next();
    }
    return false;
  }

  private boolean seekStep(Level level) {
    for (byte[] step : steps(level.path)) {
      boolean later = level.entered == null || PathOrder.compare(step, level.entered) > 0;
      if (later && cursor.find(step) && cursor.record().type == TreeRecord.Type.DIRECTORY) {
        return true;
      }
    }
    return false;
  }

  /** The entries of a directory on the way to what is wanted, in order. */
  private List<byte[]> steps(byte[] directory) {
    List<byte[]> steps = new ArrayList<>();
    for (byte[] each : selected) {
      if (each.length > directory.length && PathOrder.isWithin(each, each.length, directory)) {
        int end = directory.length == 0 ? 0 : directory.length + 1;
        while (end < each.length && each[end] != '/') {
          end++;
        }
        byte[] step = Arrays.copyOf(each, end);
        if (steps.stream().noneMatch(known -> Arrays.equals(known, step))) {
          steps.add(step);
        }
      }
    }
    steps.sort(PathOrder::compare);
    return steps;
  }

  private boolean isWanted(byte[] path) {
    for (byte[] each : selected) {
      if (PathOrder.isWithin(path, path.length, each)) {
        return true;
      }
    }
    return false;
  }

  /** A name that leaves the directory it is in, or is none. */
  private static boolean isHostile(byte[] path) {
    int from = 0;
    for (int i = 0; i <= path.length; i++) {
      if (i < path.length && path[i] == 0) {
        return true;
      }
      if (i == path.length || path[i] == '/') {
        int length = i - from;
        boolean dots = length == 1 && path[from] == '.';
        dots |= length == 2 && path[from] == '.' && path[from + 1] == '.';
        if (length == 0 || dots) {
          return true;
        }
        from = i + 1;
      }
    }
    return false;
  }

  // ---- making --------------------------------------------------------------------------------

  static TreeMetadata metadata(TreeRecord r) {
    return new TreeMetadata(
        r.type.fileType(),
        r.attributes.mode(),
        r.attributes.uid(),
        r.attributes.gid(),
        r.modifiedSeconds,
        r.modifiedNanos,
        isDevice(r) ? r.size : 0,
        r.attributes.extended());
  }

  private static boolean isDevice(TreeRecord r) {
    return r.type == TreeRecord.Type.CHARACTER_DEVICE || r.type == TreeRecord.Type.BLOCK_DEVICE;
  }

  private void make(TreeRecord r) throws IOException {
    byte[] path = r.pathBytes();
    if (r.type == TreeRecord.Type.UNKNOWN) {
      problems.add("/" + NameText.of(path) + " is missing: it was not read: " + r.problem);
      return;
    }
    if (isHostile(path)) {
      problems.add(NameText.of(path) + ": there is no such name");
      return;
    }
    if (r.state == TreeRecord.State.UNREAD && r.type == TreeRecord.Type.FILE) {
      problems.add("/" + NameText.of(path) + " is missing: it was not read: " + r.problem);
      return;
    }
    if (r.state != TreeRecord.State.WHOLE) {
      problems.add("/" + NameText.of(path) + ": " + r.problem);
    }
    try {
      if (!linked(r, path)) {
        makeNew(r, path);
      }
      entries++;
    } catch (IOException e) {
      if (IoFailure.of(e) == IoFailure.NO_SPACE) {
        throw e;
      }
      problems.add("/" + NameText.of(path) + " is missing: " + IoFailure.reason(e));
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      problems.add("/" + NameText.of(path) + " is not whole: " + e.getMessage());
    }
  }

  /** Gives a file that was made one more name; false when there is none yet. */
  private boolean linked(TreeRecord r, byte[] path) throws IOException {
    if (r.links <= 1 || dryRun) {
      return false;
    }
    byte[] first = r.firstName == null ? path : r.firstName;
    boolean made = r.firstName != null && isMadeBefore(first, path);
    byte[] at = made ? first : elsewhere.get(new String(first, PathTexts.BYTES));
    if (at == null) {
      if (r.firstName != null) {
        elsewhere.put(new String(first, PathTexts.BYTES), path);
      }
      return false;
    }
    writer.name(path, at);
    return true;
  }

  private boolean isMadeBefore(byte[] first, byte[] path) {
    return PathOrder.compare(first, path) < 0 && isWanted(first);
  }

  private void makeNew(TreeRecord r, byte[] path) throws IOException {
    if (dryRun) {
      bytes += r.type == TreeRecord.Type.FILE ? r.size : 0;
      return;
    }
    TreeMetadata metadata = metadata(r);
    switch (r.type) {
      case FILE -> file(r, path, metadata);
      case LINK -> writer.link(path, metadata, r.target);
      default -> writer.node(path, metadata);
    }
  }

  private void file(TreeRecord r, byte[] path, TreeMetadata metadata) throws IOException {
    long size = r.size;
    long position = r.hasContents() ? tree.table().pageSize().at(r.firstPage) : -1;
    if (r.firstName != null && size > 0) {
      boolean found = firstNames.find(r.firstName) && firstNames.record().hasContents();
      position = found ? tree.table().pageSize().at(firstNames.record().firstPage) : -1;
      if (!found || firstNames.record().size != size) {
        throw new BlkshException("read it", "its first name has not its contents");
      }
    }
    if (size > 0 && (position < 0 || position > image.size() - size)) {
      throw new BlkshException("read it", "its contents are not where the table says");
    }
    long from = position;
    writer.file(path, metadata, file -> contents(file, from, size));
  }

  private void contents(EntryFile file, long from, long size) throws IOException {
    long end = 0;
    if (size <= SOME / 4) {
      copy(file, from, 0, (int) size);
      end = size;
    } else {
      Iterator<Extent> extents = image.extents(from, size);
      while (extents.hasNext()) {
        Extent extent = extents.next();
        long at = extent.start() - from;
        long to = extent.end() - from;
        while (at < to && !extent.kind().readsAsZeros()) {
          task.checkCancelled();
          int some = (int) Math.min(SOME, to - at);
          copy(file, from, at, some);
          at += some;
          end = at;
        }
      }
    }
    if (end < size) {
      file.truncate(size);
    }
    task.advance(size);
    bytes += size;
  }

  private void copy(EntryFile file, long from, long at, int length) throws IOException {
    if (length == 0) {
      return;
    }
    buffer.clear().limit(length);
    image.read(from + at, buffer);
    buffer.flip();
    file.write(at, buffer);
  }
}
