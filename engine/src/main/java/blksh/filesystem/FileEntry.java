package blksh.filesystem;

import java.time.Instant;

/**
 * A file, directory or whatever else has a name in a file system.
 *
 * @param path from the root, parts separated by {@code /} and beginning with one; {@code "/"} is
 *     the root itself
 * @param kind what it is
 * @param size bytes, 0 or more; of a directory, what the file system says
 * @param modified when its content was changed last
 * @param mode permission bits as in {@code chmod}, 0 to 07777; what a mount would show where the
 *     file system keeps none
 * @param link where a symbolic link leads, as it is written there; else null
 * @param id a number that the same file has under each of its names
 */
public record FileEntry(
    String path, Kind kind, long size, Instant modified, int mode, String link, long id) {

  /** What has a name. */
  public enum Kind {
    FILE,
    DIRECTORY,
    LINK,
    /** A device, pipe or socket. */
    SPECIAL
  }

  /** The last part of the path; {@code "/"} of the root. */
  public String name() {
    return path.equals("/") ? path : path.substring(path.lastIndexOf('/') + 1);
  }

  public boolean isDirectory() {
    return kind == Kind.DIRECTORY;
  }

  /** The path of something inside this directory. */
  String inside(String name) {
    return path.equals("/") ? path + name : path + "/" + name;
  }
}
