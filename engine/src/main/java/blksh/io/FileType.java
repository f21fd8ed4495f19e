package blksh.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What has a name in a file system, told without opening it: to open a pipe may take for ever. */
public enum FileType {
  REGULAR(0100000, "a regular file"),
  DIRECTORY(0040000, "a directory"),
  LINK(0120000, "a symbolic link"),
  BLOCK_DEVICE(0060000, "a block device"),
  CHARACTER_DEVICE(0020000, "a character device"),
  PIPE(0010000, "a named pipe"),
  SOCKET(0140000, "a socket");

  /** Of {@code st_mode} (inode(7)). */
  private static final int MASK = 0170000;

  private final int mode;
  private final String words;

  FileType(int mode, String words) {
    this.mode = mode;
    this.words = words;
  }

  /**
   * What a path leads to.
   *
   * @param options whether a link is itself what is meant
   * @return null when there is nothing
   */
  public static FileType of(Path path, LinkOption... options) throws IOException {
    try {
      int mode = (Integer) Files.getAttribute(path, "unix:mode", options);
      FileType type = ofMode(mode);
      if (type == null) {
        throw new IOException("%s is of no known type (mode %o)".formatted(path, mode));
      }
      return type;
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /** What an {@code st_mode} says; null when it is of no known type. */
  static FileType ofMode(int mode) {
    return switch (mode & MASK) {
      case 0100000 -> REGULAR;
      case 0040000 -> DIRECTORY;
      case 0120000 -> LINK;
      case 0060000 -> BLOCK_DEVICE;
      case 0020000 -> CHARACTER_DEVICE;
      case 0010000 -> PIPE;
      case 0140000 -> SOCKET;
      default -> null;
    };
  }

  /** Its bits in {@code st_mode}. */
  int bits() {
    return mode;
  }

  /**
   * Returns when a path leads to a regular file, or to nothing.
   *
   * @throws NoPlainFileException when it leads to something else
   */
  public static void requireRegular(Path path) throws IOException {
    FileType found = of(path);
    if (found != null && found != REGULAR) {
      throw new NoPlainFileException(path, found);
    }
  }

  /**
   * As {@link #requireRegular}, but a link is refused too.
   *
   * @throws NoPlainFileException when the path is something else
   */
  public static void requirePlain(Path path) throws IOException {
    FileType found = of(path, LinkOption.NOFOLLOW_LINKS);
    if (found != null && found != REGULAR) {
      throw new NoPlainFileException(path, found);
    }
  }

  /** For people: {@code "a named pipe"}. */
  public String words() {
    return words;
  }
}
