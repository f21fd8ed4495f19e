package blksh.io;

import static blksh.io.NativeFiles.CALLS;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A directory held open by its descriptor, and what is in it by name. Names are bytes. It stays
 * this directory whatever becomes of its path, and paths below it may be longer than the system
 * takes in one piece; no link is followed on the way.
 *
 * <p>What fails is a {@link SystemCallException}. Any number of threads may use one.
 */
public final class DirectoryHandle implements Closeable {

  static final byte[] NONE = {};

  /** A place of getdents64(2): large, so that a directory takes few calls. */
  private static final int ENTRIES = 1 << 16;

  /** In a struct linux_dirent64: the length of the entry, and the name. */
  private static final int LENGTH = 16;

  private static final int NAME = 19;

  /** What a path to a part of the way is cut to: below the longest there may be, by a name. */
  private static final int WAY = NativeFiles.PATH - 1;

  private final byte[] shown;
  private int descriptor;

  private DirectoryHandle(byte[] shown, int descriptor) {
    this.shown = shown;
    this.descriptor = descriptor;
  }

  /** Takes a name. */
  public interface Names {
    void take(byte[] name) throws IOException;
  }

  /** Opens a directory; links on the way to it are followed. */
  public static DirectoryHandle open(Path path) throws IOException {
    byte[] bytes = PathBytes.of(path);
    int flags = NativeFiles.O_RDONLY | NativeFiles.O_DIRECTORY;
    int opened = (int) check(bytes, CALLS.open(-1, bytes, flags, 0));
    return new DirectoryHandle(bytes, opened);
  }

  /** Opens a directory below this one. @param path relative; empty for this one once more */
  public DirectoryHandle directory(byte[] path) throws IOException {
    byte[] name = path.length == 0 ? new byte[] {'.'} : path;
    int current = descriptor;
    int start = 0;
    while (true) {
      int end = name.length - start <= WAY ? name.length : slash(name, start);
      byte[] part = Arrays.copyOfRange(name, start, end);
      long next = CALLS.openDirectory(current, part);
      if (current != descriptor) {
        CALLS.close(current);
      }
      if (next < 0) {
        throw failure(path, next);
      }
      if (end == name.length) {
        return new DirectoryHandle(path, (int) next);
      }
      current = (int) next;
      start = end + 1;
    }
  }

  private static int slash(byte[] path, int start) {
    int end = start + WAY;
    while (end > start && path[end] != '/') {
      end--;
    }
    return end == start ? path.length : end;
  }

  private static SystemCallException failure(byte[] name, long returned) {
    return new SystemCallException(NameText.of(name), (int) -returned);
  }

  private static long check(byte[] name, long returned) throws IOException {
    if (returned < 0) {
      throw failure(name, returned);
    }
    return returned;
  }

  /** What is known of the directory itself. */
  public FileStatus status() throws IOException {
    FileStatus[] status = new FileStatus[1];
    check(shown, CALLS.status(descriptor, NONE, status));
    return status[0];
  }

  /** What is known of an entry. */
  public FileStatus status(byte[] name) throws IOException {
    FileStatus[] status = new FileStatus[1];
    check(name, CALLS.status(descriptor, name, status));
    return status[0];
  }

  /** As above; null when there is no such entry. */
  public FileStatus statusIfAny(byte[] name) throws IOException {
    FileStatus[] status = new FileStatus[1];
    long returned = CALLS.status(descriptor, name, status);
    return returned == -SystemCallException.ENOENT ? null : returned(name, returned, status[0]);
  }

  private static FileStatus returned(byte[] name, long returned, FileStatus status)
      throws IOException {
    check(name, returned);
    return status;
  }

  /**
   * Gives the names of all entries, but {@code .} and {@code ..}, in no order. For one thread at a
   * time.
   */
  public void list(Names names) throws IOException {
    check(shown, CALLS.rewind(descriptor));
    try (DirectBuffer memory = DirectBuffer.borrow(ENTRIES)) {
      ByteBuffer entries = memory.bytes().order(ByteOrder.nativeOrder());
      long length;
      while ((length = check(shown, CALLS.entries(descriptor, entries))) > 0) {
        int at = 0;
        while (at < length) {
          int end = at + NAME;
          while (entries.get(end) != 0) {
            end++;
          }
          byte[] name = new byte[end - at - NAME];
          entries.get(at + NAME, name);
          if (!isDots(name)) {
            names.take(name);
          }
          at += entries.getShort(at + LENGTH) & 0xffff;
        }
      }
    }
  }

  private static boolean isDots(byte[] name) {
    return name[0] == '.' && (name.length == 1 || name.length == 2 && name[1] == '.');
  }

  /** Where a link leads, as it is written there. */
  public byte[] readLink(byte[] name) throws IOException {
    byte[][] target = new byte[1][];
    check(name, CALLS.readLink(descriptor, name, target));
    return target[0];
  }

  /**
   * Opens a file to read it, leaving its time of access where that is allowed. A pipe or device is
   * opened too, without waiting: whoever reads looks at its status first.
   */
  public EntryFile open(byte[] name) throws IOException {
    int flags = NativeFiles.O_RDONLY | NativeFiles.O_NOFOLLOW | NativeFiles.O_NONBLOCK;
    long opened = CALLS.open(descriptor, name, flags | NativeFiles.O_NOATIME, 0);
    if (opened == -SystemCallException.EPERM) {
      opened = CALLS.open(descriptor, name, flags, 0);
    }
    return new EntryFile(name, (int) check(name, opened));
  }

  /**
   * Makes a file of its owner alone, to write to it.
   *
   * @throws SystemCallException also when the name is taken
   */
  public EntryFile create(byte[] name) throws IOException {
    int flags =
        NativeFiles.O_RDWR | NativeFiles.O_CREAT | NativeFiles.O_EXCL | NativeFiles.O_NOFOLLOW;
    return new EntryFile(name, (int) check(name, CALLS.open(descriptor, name, flags, 0600)));
  }

  /** Makes a directory. @param mode less what the umask takes */
  public void makeDirectory(byte[] name, int mode) throws IOException {
    check(name, CALLS.makeDirectory(descriptor, name, mode));
  }

  /** As above. @return false when the name is taken */
  public boolean makeDirectoryIfNone(byte[] name, int mode) throws IOException {
    long returned = CALLS.makeDirectory(descriptor, name, mode);
    return returned != -SystemCallException.EEXIST && check(name, returned) == 0;
  }

  /** Makes a symbolic link. */
  public void makeLink(byte[] name, byte[] target) throws IOException {
    check(name, CALLS.symlink(target, descriptor, name));
  }

  /** Makes a pipe, a socket or a device file. */
  public void makeNode(byte[] name, FileType type, int mode, long device) throws IOException {
    check(name, CALLS.makeNode(descriptor, name, type.bits() | mode, device));
  }

  /**
   * Gives a file one more name, in this directory.
   *
   * @return 0, or the error number of the system
   */
  public int link(byte[] name, DirectoryHandle from, byte[] old) {
    return (int) -CALLS.link(from.descriptor, old, descriptor, name);
  }

  /** Takes a name from a file. */
  public void remove(byte[] name) throws IOException {
    check(name, CALLS.remove(descriptor, name, false));
  }

  /** Removes an empty directory. */
  public void removeDirectory(byte[] name) throws IOException {
    check(name, CALLS.remove(descriptor, name, true));
  }

  /** Moves an entry of another directory here, in place of what has the name. */
  public void move(byte[] name, DirectoryHandle from, byte[] old) throws IOException {
    check(name, CALLS.rename(from.descriptor, old, descriptor, name));
  }

  /** Gives an entry to somebody; of a link the link itself. */
  public void setOwner(byte[] name, int uid, int gid) throws IOException {
    check(name, CALLS.setOwner(descriptor, name, uid, gid));
  }

  /** Sets the permissions of an entry that is no link. */
  public void setMode(byte[] name, int mode) throws IOException {
    check(name, CALLS.setMode(descriptor, name, mode));
  }

  /** Sets when the contents of an entry changed, and the time of access too; of a link its own. */
  public void setTime(byte[] name, long seconds, int nanos) throws IOException {
    check(name, CALLS.setTime(descriptor, name, seconds, nanos));
  }

  /** Gives this directory itself to somebody. */
  public void setOwner(int uid, int gid) throws IOException {
    check(shown, CALLS.setOwner(descriptor, uid, gid));
  }

  /** Sets the permissions of this directory itself. */
  public void setMode(int mode) throws IOException {
    check(shown, CALLS.setMode(descriptor, mode));
  }

  /** Sets when this directory itself changed. */
  public void setTime(long seconds, int nanos) throws IOException {
    check(shown, CALLS.setTime(descriptor, seconds, nanos));
  }

  /** The attributes of this directory itself. */
  public ExtendedAttributes attributes() throws IOException {
    return ExtendedAttributes.of(
        NameText.of(shown),
        names -> CALLS.listAttributes(descriptor, names),
        (attribute, value) -> CALLS.attribute(descriptor, attribute, value));
  }

  /** The attributes of an entry; of a link its own. */
  public ExtendedAttributes attributes(byte[] name) throws IOException {
    byte[] path = pathBytes(name);
    return ExtendedAttributes.of(
        NameText.of(name),
        names -> CALLS.listAttributes(path, names),
        (attribute, value) -> CALLS.attribute(path, attribute, value));
  }

  /** Gives an entry an extended attribute; a link one of its own. */
  public void setAttribute(byte[] name, byte[] attribute, byte[] value) throws IOException {
    try (DirectBuffer memory = DirectBuffer.borrow(value.length)) {
      ByteBuffer bytes = memory.bytes().put(0, value);
      check(name, CALLS.setAttribute(pathBytes(name), attribute, bytes, value.length));
    }
  }

  /** Gives this directory itself an extended attribute. */
  public void setAttribute(byte[] attribute, byte[] value) throws IOException {
    try (DirectBuffer memory = DirectBuffer.borrow(value.length)) {
      ByteBuffer bytes = memory.bytes().put(0, value);
      check(shown, CALLS.setAttribute(descriptor, attribute, bytes, value.length));
    }
  }

  /** Takes an extended attribute from this directory itself. */
  public void removeAttribute(byte[] attribute) throws IOException {
    check(shown, CALLS.removeAttribute(descriptor, attribute));
  }

  /**
   * A short path to an entry, for as long as this is open, also where its own is longer than the
   * system takes.
   */
  public Path path(byte[] name) {
    return PathBytes.path(pathBytes(name));
  }

  /** The one way to the attributes of an entry that is not opened. */
  private byte[] pathBytes(byte[] name) {
    byte[] before = ("/proc/self/fd/" + descriptor + "/").getBytes(StandardCharsets.US_ASCII);
    byte[] path = Arrays.copyOf(before, before.length + name.length);
    System.arraycopy(name, 0, path, before.length, name.length);
    return path;
  }

  /** Returns when its entries are on the medium. */
  public void sync() throws IOException {
    check(shown, CALLS.sync(descriptor));
  }

  /** Returns when all that was written to its file system is on the medium. */
  public void syncFileSystem() throws IOException {
    check(shown, CALLS.syncFileSystem(descriptor));
  }

  /** The user this process acts for, as files have it; 0 may give them away. */
  public static int user() {
    return CALLS.user();
  }

  @Override
  public synchronized void close() {
    if (descriptor >= 0) {
      CALLS.close(descriptor);
      descriptor = -1;
    }
  }
}
