package blksh.snapshot;

import blksh.io.FileStatus;
import blksh.io.FileType;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
import java.util.Arrays;

/**
 * An entry of a tree as the table has it, to be filled again and again. Times are seconds since
 * 1970 and nanoseconds.
 */
final class TreeRecord {

  /** What an entry is, by its code in the table. */
  enum Type {
    /**
     * Nothing is known of it but its name, and why. With an empty name, so that its path ends in a
     * slash, of what is in a directory.
     */
    UNKNOWN,
    FILE,
    DIRECTORY,
    LINK,
    PIPE,
    CHARACTER_DEVICE,
    BLOCK_DEVICE,
    SOCKET;

    private static final Type[] ALL = values();

    /** The same as the system has it; null when nothing is known of it. */
    FileType fileType() {
      return switch (this) {
        case UNKNOWN -> null;
        case FILE -> FileType.REGULAR;
        case DIRECTORY -> FileType.DIRECTORY;
        case LINK -> FileType.LINK;
        case PIPE -> FileType.PIPE;
        case CHARACTER_DEVICE -> FileType.CHARACTER_DEVICE;
        case BLOCK_DEVICE -> FileType.BLOCK_DEVICE;
        case SOCKET -> FileType.SOCKET;
      };
    }

    static Type ofCode(int code) {
      return code < ALL.length ? ALL[code] : null;
    }
  }

  /** How an entry was read, by its code in the table. */
  enum State {
    /** Whole, as it was at one instant. */
    WHOLE,
    /** Not, for a reason: what is in it is missing. */
    UNREAD,
    /** It changed while it was read, each time it was: it may be of several instants. */
    UNSETTLED
  }

  byte[] path = new byte[96];
  int pathLength;
  Type type;
  EntryAttributes attributes;
  long modifiedSeconds;
  int modifiedNanos;
  long changedSeconds;
  int changedNanos;
  long inode;
  long links = 1;

  /** Bytes of a file; of a device its number. */
  long size;

  /** Where a symbolic link leads; null for others. */
  byte[] target;

  /** The first name of a file that has several in the tree, when this is another; else null. */
  byte[] firstName;

  final byte[] digest = new byte[Page.DIGEST];
  State state = State.WHOLE;

  /** Why it is not whole; empty when it is. */
  String problem = "";

  /**
   * Pages in the order of contents that lie at its place and are not its own, or -1 when its
   * contents are at its place.
   */
  long passedOver = -1;

  /** First page of its contents in the image: of one that has some. */
  long firstPage;

  /** Whether it has contents of its own. */
  boolean hasContents() {
    return type == Type.FILE && size > 0 && firstName == null && state != State.UNREAD;
  }

  /**
   * Pages in the order of contents that lie at its place, its own or not.
   *
   * @param pageSize of the image
   */
  long pagesAtPlace(PageSize pageSize) {
    return passedOver >= 0 ? passedOver : hasContents() ? pageSize.count(size) : 0;
  }

  /** Makes room for a path. */
  void room(int length) {
    if (path.length < length) {
      path = new byte[Math.max(length, 2 * path.length)];
    }
  }

  void path(byte[] bytes, int length) {
    room(length);
    System.arraycopy(bytes, 0, path, 0, length);
    pathLength = length;
  }

  byte[] pathBytes() {
    return Arrays.copyOf(path, pathLength);
  }

  /** Becomes the same as another. */
  void copy(TreeRecord r) {
    path(r.path, r.pathLength);
    type = r.type;
    attributes = r.attributes;
    modifiedSeconds = r.modifiedSeconds;
    modifiedNanos = r.modifiedNanos;
    changedSeconds = r.changedSeconds;
    changedNanos = r.changedNanos;
    inode = r.inode;
    links = r.links;
    size = r.size;
    target = r.target;
    firstName = r.firstName;
    System.arraycopy(r.digest, 0, digest, 0, digest.length);
    state = r.state;
    problem = r.problem;
    passedOver = r.passedOver;
    firstPage = r.firstPage;
  }

  /** Takes over what is known of a file but for its path, its attributes and its contents. */
  void status(FileStatus s) {
    type = typeOf(s.type());
    modifiedSeconds = s.mtimeSeconds();
    modifiedNanos = s.mtimeNanos();
    changedSeconds = s.ctimeSeconds();
    changedNanos = s.ctimeNanos();
    inode = s.inode();
    links = s.isDirectory() ? 1 : Integer.toUnsignedLong(s.links());
    size =
        switch (type) {
          case FILE -> s.size();
          case CHARACTER_DEVICE, BLOCK_DEVICE -> s.special();
          default -> 0;
        };
  }

  private static Type typeOf(FileType type) {
    return switch (type) {
      case REGULAR -> Type.FILE;
      case DIRECTORY -> Type.DIRECTORY;
      case LINK -> Type.LINK;
      case PIPE -> Type.PIPE;
      case CHARACTER_DEVICE -> Type.CHARACTER_DEVICE;
      case BLOCK_DEVICE -> Type.BLOCK_DEVICE;
      case SOCKET -> Type.SOCKET;
    };
  }

  /**
   * Whether nothing of a file has changed since it was recorded here, as far as its status says.
   */
  boolean isUnchanged(FileStatus s) {
    return inode == s.inode()
        && changedSeconds == s.ctimeSeconds()
        && changedNanos == s.ctimeNanos()
        && modifiedSeconds == s.mtimeSeconds()
        && modifiedNanos == s.mtimeNanos()
        && type != Type.UNKNOWN
        && type == typeOf(s.type())
        && (type != Type.FILE || size == s.size())
        && attributes.device() == s.device()
        && attributes.mode() == s.mode()
        && attributes.uid() == s.uid()
        && attributes.gid() == s.gid();
  }

  /** Makes it a file or whatever that is whole, with nothing special. */
  void plain() {
    links = 1;
    size = 0;
    target = null;
    firstName = null;
    state = State.WHOLE;
    problem = "";
    passedOver = -1;
    firstPage = 0;
  }
}
