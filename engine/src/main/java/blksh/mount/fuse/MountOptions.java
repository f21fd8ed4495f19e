package blksh.mount.fuse;

/**
 * How a tree is mounted.
 *
 * @param writable whether its writable files may be written
 * @param allowOther whether other users may see it; unless root mounts it, that has to be allowed
 *     by {@code user_allow_other} in /etc/fuse.conf
 * @param pageCache whether the kernel remembers what was read: reading again is faster, and reading
 *     for the first time slower
 */
public record MountOptions(boolean writable, boolean allowOther, boolean pageCache) {

  /** Read-only, for this user alone, past the page cache. */
  public static MountOptions defaults() {
    return new MountOptions(false, false, false);
  }

  /** As these, but its writable files may be written. */
  public MountOptions withWriting() {
    return new MountOptions(true, allowOther, pageCache);
  }

  /** As these, but other users may see it. */
  public MountOptions withOthers() {
    return new MountOptions(writable, true, pageCache);
  }

  /** As these, but the kernel remembers what was read. */
  public MountOptions withPageCache() {
    return new MountOptions(writable, allowOther, true);
  }
}
