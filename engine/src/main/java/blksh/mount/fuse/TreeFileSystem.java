package blksh.mount.fuse;

import blksh.io.IoFailure;
import blksh.io.NativeLibrary;
import blksh.io.Program;
import blksh.mount.MountDirectory;
import blksh.mount.MountFile;
import blksh.mount.MountLink;
import blksh.mount.MountNode;
import blksh.mount.Traffic;
import blksh.mount.TrafficMeter;
import java.nio.ByteBuffer;
import java.util.Optional;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;
import ru.serce.jnrfuse.ErrorCodes;
import ru.serce.jnrfuse.struct.FuseOperations;
import ru.serce.jnrfuse.struct.Statvfs;

/**
 * Answers the requests for a tree. A request that fails answers with an error number: what cannot
 * be read is EIO, never other bytes.
 */
final class TreeFileSystem {

  /**
   * Offset of the flags in {@code struct fuse_operations}, and those saying that a request for an
   * open file needs no path.
   */
  private static final int OPERATION_FLAGS = 38 * 8;

  private static final byte NO_PATH = 3;

  private static final int BLOCK = 4096;

  private final MountDirectory root;
  private final boolean directIo;
  private final TrafficMeter traffic = new TrafficMeter();
  private final FuseOperations operations = new FuseOperations(Runtime.getSystemRuntime());
  private final FileAttributes attributes = new FileAttributes();
  private final OpenFiles files = new OpenFiles(traffic);
  private final OpenDirectories directories = new OpenDirectories();

  private interface Answer {
    int give() throws Refusal;
  }

  TreeFileSystem(MountDirectory root, boolean directIo) {
    this.root = root;
    this.directIo = directIo;
    operations.getattr.set((path, stat) -> answer(() -> attributes(find(path), stat)));
    operations.fgetattr.set(
        (path, stat, info) -> answer(() -> attributes(handle(info).file(), stat)));
    operations.readlink.set((path, buffer, size) -> answer(() -> link(path, buffer, size)));
    operations.open.set((path, info) -> answer(() -> open(path, info)));
    operations.write.set(
        (path, buffer, size, offset, info) -> answer(() -> write(buffer, size, offset, info)));
    operations.fsync.set((path, dataOnly, info) -> answer(() -> sync(info)));
    operations.fallocate.set(
        (path, mode, offset, length, info) -> answer(() -> allocate(mode, offset, length, info)));
    operations.release.set((path, info) -> answer(() -> release(info)));
    operations.opendir.set((path, info) -> answer(() -> openDirectory(path, info)));
    operations.readdir.set(
        (path, buffer, filler, offset, info) -> answer(() -> list(buffer, filler, info)));
    operations.releasedir.set((path, info) -> answer(() -> releaseDirectory(info)));
    operations.statfs.set((path, stat) -> answer(() -> statistics(stat)));
    operations.truncate.set((path, size) -> answer(() -> resize(find(path), size)));
    operations.ftruncate.set((path, size, info) -> answer(() -> resize(handle(info).file(), size)));
    operations.utimens.set((path, times) -> answer(() -> keepTimes(path)));
    refuseChanges();
    Struct.getMemory(operations).putByte(OPERATION_FLAGS, NO_PATH);
  }

  /** The tree itself is what its sources make it. */
  private void refuseChanges() {
    int readOnly = -ErrorCodes.EROFS();
    operations.mknod.set((path, mode, device) -> readOnly);
    operations.create.set((path, mode, info) -> readOnly);
    operations.mkdir.set((path, mode) -> readOnly);
    operations.unlink.set(path -> readOnly);
    operations.rmdir.set(path -> readOnly);
    operations.symlink.set((from, to) -> readOnly);
    operations.rename.set((from, to) -> readOnly);
    operations.link.set((from, to) -> readOnly);
    operations.chmod.set((path, mode) -> readOnly);
    operations.chown.set((path, user, to) -> readOnly);
  }

  FuseOperations operations() {
    return operations;
  }

  Traffic traffic() {
    return traffic.figures();
  }

  /** Makes durable whatever was written to files that are open. */
  void sync() {
    files.sync();
  }

  /** Lets go of everything, when no more requests can come. */
  void close() {
    files.close();
    directories.close();
  }

  private int answer(Answer answer) {
    try {
      return answer.give();
    } catch (Refusal e) {
      return -e.code();
    } catch (Throwable e) {
      // A failure must never leave this frame: the caller is native.
      traffic.failed(e);
      return -errorNumber(e);
    }
  }

  private static int errorNumber(Throwable failure) {
    return IoFailure.of(failure) == IoFailure.NO_SPACE ? ErrorCodes.ENOSPC() : ErrorCodes.EIO();
  }

  // ---- the tree ------------------------------------------------------------------------------

  private MountNode find(String path) throws Refusal {
    MountNode node = root;
    for (String name : path.split("/")) {
      if (!name.isEmpty()) {
        if (!(node instanceof MountDirectory directory)) {
          throw new Refusal(ErrorCodes.ENOTDIR());
        }
        Optional<MountNode> found = directory.find(name);
        node = found.orElseThrow(() -> new Refusal(ErrorCodes.ENOENT()));
      }
    }
    return node;
  }

  private int attributes(MountNode node, Pointer stat) {
    attributes.tell(node, stat);
    return 0;
  }

  private int link(String path, Pointer buffer, long size) throws Refusal {
    if (!(find(path) instanceof MountLink link)) {
      throw new Refusal(ErrorCodes.EINVAL());
    }
    byte[] target = link.target().getBytes(Program.fileNames());
    int length = (int) Math.min(target.length, size - 1);
    buffer.put(0, target, 0, length);
    buffer.putByte(length, (byte) 0);
    return 0;
  }

  private int openDirectory(String path, Pointer info) throws Refusal {
    if (!(find(path) instanceof MountDirectory directory)) {
      throw new Refusal(ErrorCodes.ENOTDIR());
    }
    FileInfo.setHandle(info, directories.open(directory));
    return 0;
  }

  private int list(Pointer buffer, Pointer filler, Pointer info) throws Refusal {
    directories.list(FileInfo.handle(info), buffer, filler);
    return 0;
  }

  private int releaseDirectory(Pointer info) {
    directories.release(FileInfo.handle(info));
    return 0;
  }

  private int statistics(Pointer to) {
    Statvfs statistics = Statvfs.of(to);
    statistics.f_bsize.set(BLOCK);
    statistics.f_frsize.set(BLOCK);
    statistics.f_namemax.set(OpenDirectories.LONGEST_NAME);
    return 0;
  }

  private static int resize(MountNode node, long size) throws Refusal {
    if (!(node instanceof MountFile file) || !file.writable()) {
      throw new Refusal(ErrorCodes.EROFS());
    }
    if (file.size() != size) {
      throw new Refusal(ErrorCodes.EPERM());
    }
    return 0;
  }

  private int keepTimes(String path) throws Refusal {
    if (!(find(path) instanceof MountFile file) || !file.writable()) {
      throw new Refusal(ErrorCodes.EROFS());
    }
    return 0;
  }

  // ---- open files ----------------------------------------------------------------------------

  private int open(String path, Pointer info) throws Refusal {
    MountNode node = find(path);
    if (!(node instanceof MountFile file)) {
      throw new Refusal(node instanceof MountLink ? ErrorCodes.ELOOP() : ErrorCodes.EISDIR());
    }
    if (FileInfo.writes(info) && !file.writable()) {
      throw new Refusal(ErrorCodes.EROFS());
    }
    FileInfo.setHandle(info, files.open(path, file));
    FileInfo.setDirectIo(info, directIo);
    return 0;
  }

  private int release(Pointer info) {
    files.release(FileInfo.handle(info));
    return 0;
  }

  private FileHandle handle(Pointer info) throws Refusal {
    return files.get(FileInfo.handle(info));
  }

  /**
   * Reads an open file.
   *
   * @return bytes read, or an error number below zero
   */
  int read(long handle, long offset, ByteBuffer target) {
    return answer(
        () -> {
          int count = files.get(handle).read(offset, target, directIo);
          traffic.read(count);
          return count;
        });
  }

  /**
   * Finds data or a hole in an open file.
   *
   * @param whence as lseek(2) has it
   * @return where it is, or an error number below zero
   */
  long seek(long handle, long offset, int whence) {
    long[] found = {0};
    int error =
        answer(
            () -> {
              found[0] = files.get(handle).seek(offset, whence);
              return 0;
            });
    return error < 0 ? error : found[0];
  }

  private int write(Pointer buffer, long size, long offset, Pointer info) throws Refusal {
    FileHandle handle = handle(info);
    int count = handle.room(offset, size);
    handle.write(offset, NativeLibrary.memory(buffer.address(), count));
    traffic.wrote(count);
    return count;
  }

  private int sync(Pointer info) throws Refusal {
    handle(info).sync();
    return 0;
  }

  private int allocate(int mode, long offset, long length, Pointer info) throws Refusal {
    handle(info).allocate(mode, offset, length);
    return 0;
  }
}
