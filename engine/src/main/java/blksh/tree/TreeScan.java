package blksh.tree;

import blksh.io.DirectoryHandle;
import blksh.io.FileStatus;
import blksh.io.FileType;
import blksh.io.IoFailure;
import blksh.io.PathBytes;
import blksh.io.SystemCallException;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Goes through a tree on all cores, and gives it in one order, which depends on the names alone.
 * The entries of a directory come by name in the order of bytes, in parts of at most {@value
 * SortedNames#PIECE}; after each part come the directories in it, in that order, each with all that
 * is below it. Every directory that is given as an entry comes as at least one part too.
 *
 * <p>What cannot be read is given with the reason, and does not end the walk. Memory does not grow
 * with the tree.
 */
public final class TreeScan {

  private static final byte[] NO_BACKUP = ".nobackup".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] CACHE_TAG = "CACHEDIR.TAG".getBytes(StandardCharsets.US_ASCII);

  /** What a CACHEDIR.TAG begins with (bford.info/cachedir). */
  private static final byte[] SIGNATURE =
      "Signature: 8a477f597d28d172789f06886806bc55".getBytes(StandardCharsets.US_ASCII);

  private static final byte[] ITSELF = {};

  private final Path root;
  private final byte[] rootBytes;
  private final List<byte[]> starts;
  private final WalkOptions options;

  private TreeScan(Path root, List<byte[]> starts, WalkOptions options) {
    this.root = root;
    this.rootBytes = PathBytes.of(root);
    this.starts = starts;
    this.options = options;
  }

  /** Takes the parts of a tree, one after the other. */
  public interface Visitor {
    void visit(TreePart part) throws IOException;
  }

  /** A walk through all of a directory. */
  public static TreeScan of(Path root, WalkOptions options) {
    return new TreeScan(root, null, options);
  }

  /**
   * A walk through some directories and files of one. What leads to them is given with nothing else
   * in it.
   *
   * @param starts paths relative to the root, with no link on the way; one below another adds
   *     nothing
   */
  public static TreeScan of(Path root, List<byte[]> starts, WalkOptions options) {
    return new TreeScan(
        root, starts.stream().anyMatch(it -> it.length == 0) ? null : starts, options);
  }

  /**
   * Walks. The visitor is called by a thread of the engine.
   *
   * @throws blksh.BlkshException when the root itself cannot be opened, or the visitor fails
   */
  public void run(Task task, Visitor visitor) {
    try (DirectoryHandle top = DirectoryHandle.open(root)) {
      WalkedDirectory first = new WalkedDirectory(ITSELF, top.status(), null, starts, 0, null);
      WalkOrder order = new WalkOrder(task, first);
      task.whenCancelled(order::end);
      AtomicBoolean delivers = new AtomicBoolean();
      try {
        Workers.run(
            task,
            Workers.count() + 1,
            () -> {
              if (delivers.compareAndSet(false, true)) {
                order.deliver(visitor);
              } else {
                order.work((directory, number) -> read(top, directory, number));
              }
            },
            order::end);
      } finally {
        order.close();
      }
    } catch (IOException e) {
      throw IoFailure.told("read the directory " + root, e);
    }
    task.checkCancelled();
  }

  /** What a part of a directory came to. */
  record Read(TreePart part, List<WalkedDirectory> below) {}

  private Read read(DirectoryHandle top, WalkedDirectory directory, int number) {
    Instant began = Instant.now();
    List<TreeEntry> entries = new ArrayList<>();
    List<Unread> unread = new ArrayList<>();
    List<LeftOut> leftOut = new ArrayList<>();
    List<WalkedDirectory> below = new ArrayList<>();
    if (directory.closed != null) {
      leftOut.add(new LeftOut(ITSELF, directory.closed));
    } else {
      try {
        if (number == 0) {
          open(top, directory, leftOut);
        }
        for (byte[] name : directory.names.piece(number)) {
          add(directory, name, entries, unread, leftOut, below);
        }
      } catch (IOException e) {
        boolean gone = e instanceof SystemCallException call && call.isGone();
        unread.add(new Unread(ITSELF, e, gone));
      }
    }
    return new Read(new TreePart(directory, number, entries, unread, leftOut, began), below);
  }

  private void open(DirectoryHandle top, WalkedDirectory directory, List<LeftOut> leftOut)
      throws IOException {
    DirectoryHandle handle = top.directory(directory.path);
    directory.opened(handle);
    directory.status = handle.status();
    SortedNames names = new SortedNames();
    directory.names = names;
    if (directory.starts != null) {
      ways(directory.starts).keySet().forEach(names::add);
      return;
    }
    try {
      handle.list(names::add);
    } finally {
      names.sort();
    }
    byte[] mark = options.heedMarks() ? mark(handle, names) : null;
    if (mark != null) {
      boolean cache = Arrays.equals(mark, CACHE_TAG);
      directory.names = new SortedNames();
      if (cache) {
        directory.names.add(mark);
      }
      leftOut.add(new LeftOut(mark, cache ? LeftOut.Why.CACHE : LeftOut.Why.MARKED));
    } else {
      directory.parts(names.pieces());
    }
  }

  private static byte[] mark(DirectoryHandle handle, SortedNames names) throws IOException {
    if (names.contains(NO_BACKUP)) {
      return NO_BACKUP;
    }
    return names.contains(CACHE_TAG) && CacheTag.begins(handle, CACHE_TAG, SIGNATURE)
        ? CACHE_TAG
        : null;
  }

  /** The first steps of some paths, each with what follows it; empty where one ends. */
  private static TreeMap<byte[], List<byte[]>> ways(List<byte[]> starts) {
    TreeMap<byte[], List<byte[]>> ways = new TreeMap<>(Arrays::compareUnsigned);
    for (byte[] start : starts) {
      int end = 0;
      while (end < start.length && start[end] != '/') {
        end++;
      }
      byte[] rest = end == start.length ? ITSELF : Arrays.copyOfRange(start, end + 1, start.length);
      ways.computeIfAbsent(Arrays.copyOf(start, end), none -> new ArrayList<>()).add(rest);
    }
    return ways;
  }

  private void add(
      WalkedDirectory directory,
      byte[] name,
      List<TreeEntry> entries,
      List<Unread> unread,
      List<LeftOut> leftOut,
      List<WalkedDirectory> below) {
    DirectoryHandle handle = directory.handle();
    try {
      FileStatus status = handle.status(name);
      boolean walked = directory.starts == null;
      byte[] path = TreeEntry.path(directory.path, name);
      LeftOut.Why why = why(directory, path, status, walked);
      if (why != null) {
        leftOut.add(new LeftOut(name, why));
        return;
      }
      byte[] target = status.type() == FileType.LINK ? handle.readLink(name) : null;
      entries.add(new TreeEntry(name, status, target));
      if (status.isDirectory()) {
        below.add(below(directory, name, path, status, walked, unread));
      } else if (!walked) {
        // What was to be walked below it is not there.
        for (byte[] rest : ways(directory.starts).get(name)) {
          if (rest.length > 0) {
            byte[] missing = TreeEntry.path(name, rest);
            unread.add(new Unread(missing, SystemCallException.noDirectory(missing), false));
          }
        }
      }
    } catch (IOException e) {
      boolean gone = e instanceof SystemCallException call && call.isGone();
      unread.add(new Unread(name, e, gone && directory.starts == null));
    }
  }

  private LeftOut.Why why(
      WalkedDirectory directory, byte[] path, FileStatus status, boolean walked) {
    if (options.own().stream().anyMatch(status::isFile)) {
      return LeftOut.Why.OWN;
    }
    if (!walked) {
      return null;
    }
    if (options.excludes().leavesOut(rootBytes, path, directory.anchor, status.isDirectory())) {
      return LeftOut.Why.PATTERN;
    }
    return status.isRegular() && status.size() > options.largest() ? LeftOut.Why.TOO_LARGE : null;
  }

  private WalkedDirectory below(
      WalkedDirectory directory,
      byte[] name,
      byte[] path,
      FileStatus status,
      boolean walked,
      List<Unread> unread) {
    List<byte[]> on = null;
    int anchor = directory.anchor;
    LeftOut.Why closed = null;
    if (!walked) {
      on = ways(directory.starts).get(name);
      if (on.stream().anyMatch(it -> it.length == 0)) {
        on = null;
        anchor = path.length + 1;
      }
    } else if (status.mountRoot() || status.device() != directory.status.device()) {
      if (options.oneFileSystem()) {
        closed = LeftOut.Why.MOUNT;
      } else if (directory.isBelow(status)) {
        closed = LeftOut.Why.MOUNT_LOOP;
      }
    }
    return new WalkedDirectory(path, status, directory, on, anchor, closed);
  }
}
