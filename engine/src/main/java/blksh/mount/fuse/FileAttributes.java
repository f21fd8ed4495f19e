package blksh.mount.fuse;

import blksh.BlkshException;
import blksh.io.Program;
import blksh.mount.MountAccess;
import blksh.mount.MountFile;
import blksh.mount.MountLink;
import blksh.mount.MountNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.ffi.Pointer;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.Timespec;

/** What stat(2) tells of the entries of a tree, which belong to who mounted it. */
final class FileAttributes {

  private static final int SECTOR = 512;
  private static final int PERMISSIONS = 07777;

  private final long owner = ofSelf("unix:uid");
  private final long group = ofSelf("unix:gid");

  /** Tells of an entry, in a struct stat. */
  void tell(MountNode node, Pointer to) {
    FileStat stat = FileStat.of(to);
    stat.st_uid.set(owner);
    stat.st_gid.set(group);
    stat.st_nlink.set(1);
    stat.st_blksize.set(FuseMount.LARGEST_REQUEST);
    long size = 0;
    long allocated = 0;
    if (node instanceof MountFile file) {
      size = file.size();
      allocated = file.allocated();
      stat.st_mode.set(FileStat.S_IFREG | (file.writable() ? 0600 : 0400));
    } else if (node instanceof MountLink link) {
      size = link.target().getBytes(Program.fileNames()).length;
      stat.st_mode.set(FileStat.S_IFLNK | 0777);
    } else {
      stat.st_mode.set(FileStat.S_IFDIR | 0500);
      stat.st_nlink.set(2);
    }
    MountAccess access = node.access();
    if (access != null) {
      stat.st_uid.set(Integer.toUnsignedLong(access.uid()));
      stat.st_gid.set(Integer.toUnsignedLong(access.gid()));
      stat.st_mode.set(stat.st_mode.intValue() & ~PERMISSIONS | access.mode());
    }
    stat.st_size.set(size);
    stat.st_blocks.set((allocated + SECTOR - 1) / SECTOR);
    long seconds = node.modified().getEpochSecond();
    int nanos = node.modified().getNano();
    for (Timespec time : new Timespec[] {stat.st_atim, stat.st_mtim, stat.st_ctim}) {
      time.tv_sec.set(seconds);
      time.tv_nsec.set(nanos);
    }
  }

  private static long ofSelf(String name) {
    try {
      return ((Number) Files.getAttribute(Path.of("/proc/self"), name)).longValue();
    } catch (IOException e) {
      throw new BlkshException("mount", "/proc is missing", e);
    }
  }
}
