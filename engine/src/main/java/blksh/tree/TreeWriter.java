package blksh.tree;

import blksh.io.DirectoryHandle;
import blksh.io.EntryFile;
import blksh.io.FileStatus;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.io.Sha256;
import blksh.io.SystemCallException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;

/**
 * Makes a tree, with all metadata as far as this user may give it. Entries come in the order of a
 * {@link TreeScan}: a directory before what is in it, and all that is in it before anything that is
 * not; so it is known when a directory gets no more entries, and has its times and permissions
 * then. Nothing that is there is written over.
 *
 * <p>For one thread. What could not be given is told, and does not end it.
 */
public final class TreeWriter implements Closeable {

  private static final String UNNAMED = ".blksh-restore-";
  private static final int OWNER_ALL = 0700;
  private static final int PERMISSIONS = 07777;

  /** A directory that gets entries still. */
  private record Open(
      byte[] path, DirectoryHandle handle, TreeMetadata metadata, Consumer<String> lost) {}

  private final DirectoryHandle root;
  private final Consumer<String> lost;
  private final Deque<Open> open = new ArrayDeque<>();

  /**
   * @param lost gets a sentence for what could not be given
   * @throws IOException when the directory cannot be opened
   */
  public TreeWriter(Path root, Consumer<String> lost) throws IOException {
    this.root = DirectoryHandle.open(root);
    this.lost = lost;
  }

  /** Writes the contents of a file. */
  public interface Contents {
    void to(EntryFile file) throws IOException;
  }

  /**
   * Makes a directory; an existing one is gone on with, and gets the metadata all the same. Until
   * then its owner may write to it.
   *
   * @param path relative to the root; empty for the root itself
   * @param metadata null to leave what an existing one has
   */
  public void directory(byte[] path, TreeMetadata metadata) throws IOException {
    directory(path, metadata, lost);
  }

  /** As above, of one that only leads to what is made: what cannot be given to it is not told. */
  public void leading(byte[] path, TreeMetadata metadata) throws IOException {
    directory(path, metadata, sentence -> {});
  }

  private void directory(byte[] path, TreeMetadata metadata, Consumer<String> lost)
      throws IOException {
    boolean made = path.length == 0 && metadata != null;
    if (path.length > 0) {
      byte[] name = name(path);
      DirectoryHandle in = in(path);
      made = in.makeDirectoryIfNone(name, 0700);
      if (!made) {
        enter(in, name, path, metadata != null);
      }
    }
    DirectoryHandle handle = root.directory(path);
    boolean kept = false;
    try {
      if (made) {
        dropInherited(handle);
      }
      open.push(new Open(path, handle, metadata, lost));
      kept = true;
    } finally {
      if (!kept) {
        handle.close();
      }
    }
  }

  /** Has a directory that is there take more: one from an earlier run may be closed already. */
  private static void enter(DirectoryHandle in, byte[] name, byte[] path, boolean opening)
      throws IOException {
    FileStatus status = in.status(name);
    if (!status.isDirectory()) {
      throw SystemCallException.exists(path);
    }
    if (opening && (status.mode() & OWNER_ALL) != OWNER_ALL) {
      try {
        in.setMode(name, status.mode() & PERMISSIONS | OWNER_ALL);
      } catch (IOException e) {
        // What cannot be made in it is told.
      }
    }
  }

  /** A default access control list from above would be given to all that is made in it. */
  private static void dropInherited(DirectoryHandle made) throws IOException {
    for (var each : made.attributes().all()) {
      if (new String(each.name()).startsWith("system.posix_acl_")) {
        made.removeAttribute(each.name());
      }
    }
  }

  /** Makes a file. */
  public void file(byte[] path, TreeMetadata metadata, Contents contents) throws IOException {
    DirectoryHandle in = in(path);
    try (EntryFile file = in.create(name(path))) {
      contents.to(file);
      tell(path, metadata.giveTo(file));
    }
  }

  /**
   * Makes a file that has its name only once it is whole and durable, with all metadata. What a run
   * that was ended left of it is taken away first, and what a failure leaves at once.
   *
   * @throws SystemCallException also when the name is taken
   */
  public void wholeFile(byte[] path, TreeMetadata metadata, Contents contents) throws IOException {
    file(path, metadata, contents, true);
  }

  /**
   * As above, of a file that nobody needs after a power cut: it has its name once it is whole, but
   * is written to the medium when the system likes.
   */
  public void namedFile(byte[] path, TreeMetadata metadata, Contents contents) throws IOException {
    file(path, metadata, contents, false);
  }

  private void file(byte[] path, TreeMetadata metadata, Contents contents, boolean durable)
      throws IOException {
    DirectoryHandle in = in(path);
    byte[] name = name(path);
    if (in.statusIfAny(name) != null) {
      throw SystemCallException.exists(path);
    }
    byte[] unnamed = unnamed(name);
    if (in.statusIfAny(unnamed) != null) {
      in.remove(unnamed);
    }
    boolean done = false;
    try {
      try (EntryFile file = in.create(unnamed)) {
        contents.to(file);
        tell(path, metadata.giveTo(file));
        if (durable) {
          file.sync(); // or the name may be there after a power cut, and the contents not
        }
      }
      rename(in, unnamed, name);
      done = true;
    } finally {
      if (!done) {
        discard(in, unnamed);
      }
    }
  }

  /** What a file is called until it is whole: the same each time, so that it is found again. */
  static byte[] unnamed(byte[] name) {
    MessageDigest digest = Sha256.begin();
    String key = HexFormat.of().formatHex(digest.digest(name), 0, 12);
    return (UNNAMED + key).getBytes(StandardCharsets.US_ASCII);
  }

  /** Gives a file its name, unless that is taken by now. */
  private static void rename(DirectoryHandle in, byte[] old, byte[] name) throws IOException {
    int error = in.link(name, in, old);
    if (error == 0) {
      in.remove(old);
    } else if (error == SystemCallException.EEXIST || in.statusIfAny(name) != null) {
      throw SystemCallException.exists(name);
    } else {
      in.move(name, in, old); // a file system without hard links
    }
  }

  private static void discard(DirectoryHandle in, byte[] name) {
    try {
      in.remove(name);
    } catch (IOException e) {
      // The next run takes it away.
    }
  }

  /** Makes a symbolic link. */
  public void link(byte[] path, TreeMetadata metadata, byte[] target) throws IOException {
    DirectoryHandle in = in(path);
    in.makeLink(name(path), target);
    tell(path, metadata.giveTo(in, name(path)));
  }

  /** Makes a pipe, a socket or a device file. */
  public void node(byte[] path, TreeMetadata metadata) throws IOException {
    DirectoryHandle in = in(path);
    in.makeNode(name(path), metadata.type(), 0600, metadata.special());
    tell(path, metadata.giveTo(in, name(path)));
  }

  /** Gives a file that was made one more name. */
  public void name(byte[] path, byte[] made) throws IOException {
    try (DirectoryHandle from = root.directory(parent(made))) {
      int error = in(path).link(name(path), from, name(made));
      if (error != 0) {
        throw new SystemCallException(NameText.of(path), error);
      }
    }
  }

  private void tell(byte[] path, List<String> clauses) {
    tell(path, clauses, lost);
  }

  private static void tell(byte[] path, List<String> clauses, Consumer<String> to) {
    for (String each : clauses) {
      to.accept(NameText.of(path) + ": " + each);
    }
  }

  /** The directory something is made in; those it is not in are done. */
  private DirectoryHandle in(byte[] path) throws IOException {
    byte[] parent = parent(path);
    while (!open.isEmpty() && !isAtOrBelow(parent, open.peek().path)) {
      finish(open.pop());
    }
    Open last = open.peek();
    if (last != null && Arrays.equals(last.path, parent)) {
      return last.handle;
    }
    if (last == null && parent.length == 0) {
      return root;
    }
    throw new IllegalStateException(
        NameText.of(path) + " comes before the directory it is in, or after it was done");
  }

  private static boolean isAtOrBelow(byte[] path, byte[] directory) {
    return directory.length == 0
        || path.length >= directory.length
            && Arrays.equals(path, 0, directory.length, directory, 0, directory.length)
            && (path.length == directory.length || path[directory.length] == '/');
  }

  private static int slash(byte[] path) {
    int at = path.length;
    while (at > 0 && path[at - 1] != '/') {
      at--;
    }
    return at;
  }

  private static byte[] parent(byte[] path) {
    return Arrays.copyOf(path, Math.max(0, slash(path) - 1));
  }

  private static byte[] name(byte[] path) {
    return Arrays.copyOfRange(path, slash(path), path.length);
  }

  private void finish(Open directory) {
    try (DirectoryHandle handle = directory.handle) {
      if (directory.metadata != null) {
        tell(directory.path, directory.metadata.giveTo(handle), directory.lost);
      }
    } catch (IOException e) {
      directory.lost.accept(
          "%s: its metadata were not set (%s)"
              .formatted(NameText.of(directory.path), IoFailure.reason(e)));
    }
  }

  /** Gives the directories that are open still what is theirs. */
  public void finish() {
    while (!open.isEmpty()) {
      finish(open.pop());
    }
  }

  /** Closes it; a directory that got no {@link #finish} has not got its metadata. */
  @Override
  public void close() {
    List<Open> rest = new ArrayList<>(open);
    open.clear();
    rest.forEach(it -> it.handle.close());
    root.close();
  }
}
