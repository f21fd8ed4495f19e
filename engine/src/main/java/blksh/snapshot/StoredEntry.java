package blksh.snapshot;

import blksh.io.FileType;
import java.time.Instant;
import java.util.Arrays;

/**
 * An entry of a snapshot in a store.
 *
 * @param path from the root of the snapshot on, relative; empty for the root
 * @param type null when nothing is known of it but its name
 * @param mode permission bits, 0 to 07777
 * @param size bytes of a regular file; 0 of anything else
 * @param target where a symbolic link leads, as it is written there; else null
 * @param firstName another name of the same file, which has its contents; null when it has them
 *     itself
 * @param position byte of the image its contents begin at, or -1 when it has none
 * @param problem why it is not whole; empty when it is
 */
public record StoredEntry(
    byte[] path,
    FileType type,
    int mode,
    int uid,
    int gid,
    long size,
    Instant modified,
    byte[] target,
    byte[] firstName,
    long position,
    String problem) {

  public boolean isFile() {
    return type == FileType.REGULAR;
  }

  public boolean isDirectory() {
    return type == FileType.DIRECTORY;
  }

  /** Its name, without the directory it is in. */
  public byte[] name() {
    int from = PathOrder.directoryLength(path, path.length);
    return Arrays.copyOfRange(
        path, from == 0 && (path.length == 0 || path[0] != '/') ? 0 : from + 1, path.length);
  }
}
