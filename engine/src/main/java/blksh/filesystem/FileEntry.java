package blksh.filesystem;

import blksh.BlkshException;
import blksh.io.UnreadableException;
import blksh.task.CancelledException;
import java.time.Instant;

/**
 * A file, directory or whatever else has a name in a file system.
 *
 * @param path from the root, parts separated by {@code /} and beginning with one; {@code "/"} is
 *     the root itself. Names are bytes, shown as {@link blksh.io.NameText}
 * @param kind what it is
 * @param size bytes, 0 or more; of a directory, what the file system says
 * @param modified when its content was changed last
 * @param mode permission bits as in {@code chmod}, 0 to 07777; what a mount would show where the
 *     file system keeps none
 * @param link where a symbolic link leads, as it is written there, shown as names are; else null
 * @param id a number that the same file has under each of its names
 * @param problem why nothing but the name can be told, as a sentence; null unless it is {@link
 *     Kind#DAMAGED}
 */
public record FileEntry(
    String path,
    Kind kind,
    long size,
    Instant modified,
    int mode,
    String link,
    long id,
    String problem) {

  /** What has a name. */
  public enum Kind {
    FILE,
    DIRECTORY,
    LINK,
    /** A device, pipe or socket. */
    SPECIAL,
    /** Anything: only the name can be read. */
    DAMAGED
  }

  /** One that can be read. */
  public FileEntry(
      String path, Kind kind, long size, Instant modified, int mode, String link, long id) {
    this(path, kind, size, modified, mode, link, id, null);
  }

  /**
   * One of which only the name can be read.
   *
   * @param failure why
   * @throws BlkshException that failure, where going on is of no use
   */
  static FileEntry damaged(String path, long id, BlkshException failure) {
    return new FileEntry(
        path, Kind.DAMAGED, 0, Instant.EPOCH, 0, null, id, survived(failure).getMessage());
  }

  /**
   * A failure that concerns what was read, and not all that could be.
   *
   * @throws BlkshException the failure, where going on is of no use: somebody wants to stop, or
   *     nothing is left to be read from
   */
  static BlkshException survived(BlkshException failure) {
    boolean gone = failure instanceof UnreadableException unreadable && unreadable.isGone();
    if (gone || failure instanceof CancelledException) {
      throw failure;
    }
    return failure;
  }

  /** The last part of the path; {@code "/"} of the root. */
  public String name() {
    return path.equals("/") ? path : path.substring(path.lastIndexOf('/') + 1);
  }

  /**
   * @throws FileSystemDamageException when only its name can be read
   */
  void requireSound() {
    if (kind == Kind.DAMAGED) {
      throw new FileSystemDamageException("open " + path, problem);
    }
  }

  /**
   * @throws BlkshException when it is none
   */
  void requireDirectory() {
    requireSound();
    if (!isDirectory()) {
      throw new BlkshException("list " + path, "it is no directory");
    }
  }

  public boolean isDirectory() {
    return kind == Kind.DIRECTORY;
  }

  /** The path of something inside this directory. */
  String inside(String name) {
    return path.equals("/") ? path + name : path + "/" + name;
  }
}
