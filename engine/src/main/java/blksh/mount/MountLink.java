package blksh.mount;

import java.time.Instant;

/**
 * A symbolic link.
 *
 * @param target where it leads, relative to the directory it is in
 * @param modified as of {@link MountNode}, and access too
 */
public record MountLink(String target, Instant modified, MountAccess access) implements MountNode {

  /** One of who mounted the tree. */
  public MountLink(String target, Instant modified) {
    this(target, modified, null);
  }
}
