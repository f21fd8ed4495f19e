package blksh.mount;

import java.time.Instant;

/** An entry of a mounted tree. */
public sealed interface MountNode permits MountDirectory, MountFile, MountLink {

  /** When what it shows was last changed. */
  Instant modified();

  /** Whose it is; null for who mounted the tree, and nobody else. */
  default MountAccess access() {
    return null;
  }
}
