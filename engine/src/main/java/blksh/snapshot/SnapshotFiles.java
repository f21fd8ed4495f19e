package blksh.snapshot;

import blksh.filesystem.FileEntry;
import blksh.filesystem.FileTree;
import blksh.io.FileType;
import blksh.io.NameText;
import blksh.tree.TreeEntry;
import java.time.Instant;

/**
 * The files of a snapshot, to be looked into like those of a file system. Names are {@link
 * NameText}: those that are no UTF-8 can be typed back, and are copied out byte for byte.
 */
abstract class SnapshotFiles implements FileTree {

  private static final byte[] ROOT = {};
  private static final int ROOT_MODE = 0755;

  private final String name;
  private final Instant taken;

  SnapshotFiles(String name, Instant taken) {
    this.name = name;
    this.taken = taken;
  }

  @Override
  public String type() {
    return "snapshot";
  }

  @Override
  public String label() {
    return name;
  }

  @Override
  public FileEntry root() {
    return new FileEntry("/", FileEntry.Kind.DIRECTORY, 0, taken, ROOT_MODE, null, 0);
  }

  /** The path in the snapshot of what somebody typed, or of an entry. */
  static byte[] bytes(String path) {
    byte[] whole = ROOT;
    for (String part : path.split("/")) {
      whole = TreeEntry.path(whole, NameText.name(part));
    }
    return whole;
  }

  /** The path of an entry, for people. */
  static String text(byte[] path) {
    return "/" + NameText.of(path);
  }

  static FileEntry.Kind kind(FileType type) {
    if (type == null) {
      return FileEntry.Kind.SPECIAL;
    }
    return switch (type) {
      case REGULAR -> FileEntry.Kind.FILE;
      case DIRECTORY -> FileEntry.Kind.DIRECTORY;
      case LINK -> FileEntry.Kind.LINK;
      default -> FileEntry.Kind.SPECIAL;
    };
  }
}
