package blksh.workspace;

import blksh.mount.Traffic;
import java.time.Instant;

/**
 * A mount or a server, of this or another process.
 *
 * @param kind how it is reached
 * @param place the directory, or the address of the server
 * @param source what it shows, or nothing when another home knows
 * @param overlay the file that takes what is written, or nothing
 * @param since when it began; null when another home knows
 * @param pid the process that serves it, or did
 * @param state whether it still does
 * @param traffic what it served; of another process a few seconds ago; null when not known
 */
public record MountEntry(
    Kind kind,
    String place,
    String source,
    String overlay,
    Instant since,
    long pid,
    State state,
    Traffic traffic) {

  /** How it is reached. */
  public enum Kind {
    FUSE,
    NBD,
    /** The file system inside, mounted by the kernel. */
    FILE_SYSTEM
  }

  /** Who serves it. */
  public enum State {
    HERE,
    ELSEWHERE,
    /** Its process is gone; pruning cleans up after it. */
    DEAD
  }
}
