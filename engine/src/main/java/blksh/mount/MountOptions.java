package blksh.mount;

/**
 * How a tree is mounted.
 *
 * @param writable whether its writable files may be written
 * @param allowOther whether other users may see it; unless root mounts it, that has to be allowed
 *     by {@code user_allow_other} in /etc/fuse.conf
 * @param directIo whether reads pass by the page cache of the kernel
 */
public record MountOptions(boolean writable, boolean allowOther, boolean directIo) {

  /** Read-only, for this user alone, through the page cache. */
  public static MountOptions defaults() {
    return new MountOptions(false, false, false);
  }

  /** As these, but its writable files may be written. */
  public MountOptions withWriting() {
    return new MountOptions(true, allowOther, directIo);
  }

  /** As these, but other users may see it. */
  public MountOptions withOthers() {
    return new MountOptions(writable, true, directIo);
  }

  /** As these, but reads pass by the page cache of the kernel. */
  public MountOptions withDirectIo() {
    return new MountOptions(writable, allowOther, true);
  }
}
