package blksh.io;

/**
 * What the kernel knows of a file, without following a link (statx(2)).
 *
 * @param mode permission bits, set-id and sticky ones among them: {@code 07777} at most
 * @param size bytes; of a link those of its target
 * @param blocks allocated, of 512 bytes
 * @param mtimeSeconds when the contents changed, since 1970, which may be before it
 * @param mtimeNanos 0 to 999,999,999, to be added
 * @param ctimeSeconds when anything of it changed; nobody can set it
 * @param device of the file system it lies on, as {@code dev_t}
 * @param links how many names it has
 * @param special the device that a device file stands for, as {@code dev_t}
 * @param mountRoot whether something is mounted right here; false where the kernel does not tell
 */
public record FileStatus(
    FileType type,
    int mode,
    int uid,
    int gid,
    long size,
    long blocks,
    long mtimeSeconds,
    int mtimeNanos,
    long ctimeSeconds,
    int ctimeNanos,
    long device,
    long inode,
    int links,
    long special,
    boolean mountRoot) {

  public boolean isDirectory() {
    return type == FileType.DIRECTORY;
  }

  public boolean isRegular() {
    return type == FileType.REGULAR;
  }

  /** Whether it is the very same file. */
  public boolean isFile(FileStatus other) {
    return inode == other.inode && device == other.device;
  }

  /** Whether nothing of it changed: what was read in between belongs to both. */
  public boolean isUnchanged(FileStatus before) {
    return isFile(before)
        && type == before.type
        && size == before.size
        && mtimeSeconds == before.mtimeSeconds
        && mtimeNanos == before.mtimeNanos
        && ctimeSeconds == before.ctimeSeconds
        && ctimeNanos == before.ctimeNanos;
  }
}
