package blksh.mount;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.WritableSource;
import blksh.io.IoFailure;
import blksh.io.UnreadableException;
import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Function;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.MemoryIO;
import com.kenai.jffi.Type;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;
import ru.serce.jnrfuse.ErrorCodes;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseOperations;
import ru.serce.jnrfuse.struct.Statvfs;

/**
 * Answers the requests for a tree. A request that fails answers with an error number: what cannot
 * be read is EIO, never other bytes.
 */
final class TreeFileSystem {

  /** Offsets in {@code struct fuse_file_info}: open flags, bits for the kernel, handle. */
  private static final int FLAGS = 0;

  private static final int BITS = 20;
  private static final int HANDLE = 24;
  private static final byte DIRECT_IO = 1;
  private static final byte KEEP_CACHE = 2;

  /**
   * Offset of the flags in {@code struct fuse_operations}, and those saying that a request for an
   * open file needs no path.
   */
  private static final int OPERATION_FLAGS = 38 * 8;

  private static final byte NO_PATH = 3;

  private static final int O_ACCMODE = 3;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;
  private static final int FALLOC_KEEP_SIZE = 1;
  private static final int FALLOC_PUNCH_HOLE = 2;
  private static final int FALLOC_ZERO_RANGE = 16;
  private static final int BLOCK = 4096;
  private static final int LONGEST_NAME = 255;

  private final MountDirectory root;
  private final boolean directIo;
  private final TrafficMeter traffic = new TrafficMeter();
  private final Runtime runtime = Runtime.getSystemRuntime();
  private final FuseOperations operations = new FuseOperations(runtime);
  private final long owner = attributeOfSelf("unix:uid");
  private final long group = attributeOfSelf("unix:gid");

  private final AtomicLong lastHandle = new AtomicLong();
  private final ReadAheadPool ahead = new ReadAheadPool("blksh-mount");
  private final Map<Long, Handle> openFiles = new ConcurrentHashMap<>();
  private final Map<Long, MountDirectory> openDirectories = new ConcurrentHashMap<>();

  /** The open files by path: whoever opens one more than once shares the source. */
  private final Map<String, OpenFile> shared = new HashMap<>();

  /**
   * A file as one client has it open.
   *
   * @param ahead null where nothing is read ahead
   */
  private record Handle(OpenFile open, BlockSource source, ReadAhead ahead) {
    int read(long position, ByteBuffer target) {
      return ahead != null ? ahead.read(position, target) : source.read(position, target);
    }

    void close() {
      if (ahead != null) {
        ahead.close();
      }
    }
  }

  private static final class OpenFile {
    final String path;
    final MountFile file;
    private BlockSource source;
    private int users;

    OpenFile(String path, MountFile file) {
      this.path = path;
      this.file = file;
    }

    synchronized BlockSource source() {
      if (source == null) {
        source = file.open();
      }
      return source;
    }

    synchronized void release() {
      if (source != null) {
        file.release(source);
        source = null;
      }
    }
  }

  /** An answer that is an error number. */
  private static final class Refusal extends Exception {
    final int code;

    Refusal(int code) {
      super(null, null, false, false);
      this.code = code;
    }
  }

  private interface Answer {
    int give() throws Refusal;
  }

  TreeFileSystem(MountDirectory root, boolean directIo) {
    this.root = root;
    this.directIo = directIo;
    operations.getattr.set((path, stat) -> answer(() -> attributes(find(path), stat)));
    operations.fgetattr.set(
        (path, stat, info) -> answer(() -> attributes(handle(info).open.file, stat)));
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
    operations.releasedir.set((path, info) -> answer(() -> closeDirectory(info)));
    operations.statfs.set((path, stat) -> answer(() -> statistics(stat)));
    operations.truncate.set((path, size) -> answer(() -> resize(find(path), size)));
    operations.ftruncate.set(
        (path, size, info) -> answer(() -> resize(handle(info).open.file, size)));
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

  private int answer(Answer answer) {
    try {
      return answer.give();
    } catch (Refusal e) {
      return -e.code;
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

  private int attributes(MountNode node, Pointer to) {
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
    stat.st_size.set(size);
    stat.st_blocks.set((allocated + 511) / 512);
    long seconds = node.modified().getEpochSecond();
    int nanos = node.modified().getNano();
    for (var time :
        new ru.serce.jnrfuse.struct.Timespec[] {stat.st_atim, stat.st_mtim, stat.st_ctim}) {
      time.tv_sec.set(seconds);
      time.tv_nsec.set(nanos);
    }
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
    long handle = lastHandle.incrementAndGet();
    openDirectories.put(handle, directory);
    info.putLong(HANDLE, handle);
    return 0;
  }

  private int closeDirectory(Pointer info) {
    openDirectories.remove(info.getLong(HANDLE));
    return 0;
  }

  /** Hands all names to the library, which gives them to the reader piece by piece. */
  private int list(Pointer buffer, Pointer filler, Pointer info) throws Refusal {
    MountDirectory directory = openDirectories.get(info.getLong(HANDLE));
    if (directory == null) {
      throw new Refusal(ErrorCodes.EBADF());
    }
    CallContext fill =
        new Function(
                filler.address(),
                CallContext.getCallContext(
                    Type.SINT,
                    new Type[] {Type.POINTER, Type.POINTER, Type.POINTER, Type.SLONG_LONG},
                    CallingConvention.DEFAULT,
                    false))
            .getCallContext();
    Pointer text = Memory.allocateDirect(runtime, LONGEST_NAME + 1);
    Iterator<String> own = java.util.List.of(".", "..").iterator();
    Iterator<String> names = directory.names();
    while (own.hasNext() || names.hasNext()) {
      byte[] name = (own.hasNext() ? own.next() : names.next()).getBytes(Program.fileNames());
      if (name.length <= LONGEST_NAME) {
        text.put(0, name, 0, name.length);
        text.putByte(name.length, (byte) 0);
        long full =
            Invoker.getInstance()
                .invokeN4(fill, filler.address(), buffer.address(), text.address(), 0, 0);
        if ((int) full != 0) {
          throw new Refusal(ErrorCodes.ENOMEM());
        }
      }
    }
    return 0;
  }

  private int statistics(Pointer to) {
    Statvfs statistics = Statvfs.of(to);
    statistics.f_bsize.set(BLOCK);
    statistics.f_frsize.set(BLOCK);
    statistics.f_namemax.set(LONGEST_NAME);
    return 0;
  }

  // ---- files ---------------------------------------------------------------------------------

  private int open(String path, Pointer info) throws Refusal {
    MountNode node = find(path);
    if (!(node instanceof MountFile file)) {
      throw new Refusal(node instanceof MountLink ? ErrorCodes.ELOOP() : ErrorCodes.EISDIR());
    }
    boolean writes = (info.getInt(FLAGS) & O_ACCMODE) != 0;
    if (writes && !file.writable()) {
      throw new Refusal(ErrorCodes.EROFS());
    }
    OpenFile open;
    synchronized (shared) {
      open = shared.computeIfAbsent(path, absent -> new OpenFile(path, file));
      open.users++;
    }
    BlockSource source;
    try {
      source = open.source();
    } catch (RuntimeException | Error e) {
      letGo(open);
      throw e;
    }
    long handle = lastHandle.incrementAndGet();
    boolean ahead = file.readsAhead() && !file.writable();
    openFiles.put(
        handle, new Handle(open, source, ahead ? new ReadAhead(source, this.ahead) : null));
    traffic.opened();
    info.putLong(HANDLE, handle);
    info.putByte(BITS, directIo ? DIRECT_IO : KEEP_CACHE);
    return 0;
  }

  private int release(Pointer info) {
    Handle handle = openFiles.remove(info.getLong(HANDLE));
    if (handle != null) {
      traffic.closed();
      handle.close();
      letGo(handle.open);
    }
    return 0;
  }

  private void letGo(OpenFile open) {
    boolean last;
    synchronized (shared) {
      last = --open.users == 0;
      if (last) {
        shared.remove(open.path);
      }
    }
    if (last) {
      open.release();
    }
  }

  /** Makes durable whatever was written to files that are open. */
  void sync() {
    for (Handle handle : openFiles.values()) {
      if (handle.source instanceof WritableSource source) {
        source.sync();
      }
    }
  }

  /** Lets go of everything, when no more requests can come. */
  void close() {
    for (Long number : openFiles.keySet()) {
      Handle handle = openFiles.remove(number);
      if (handle != null) {
        traffic.closed();
        try {
          handle.close();
          letGo(handle.open);
        } catch (RuntimeException e) {
          traffic.failed(e);
        }
      }
    }
    openDirectories.clear();
    ahead.close();
  }

  private Handle handle(Pointer info) throws Refusal {
    return handle(info.getLong(HANDLE));
  }

  private Handle handle(long number) throws Refusal {
    Handle handle = openFiles.get(number);
    if (handle == null) {
      throw new Refusal(ErrorCodes.EBADF());
    }
    return handle;
  }

  private WritableSource writable(Pointer info) throws Refusal {
    if (!(handle(info).source instanceof WritableSource source)) {
      throw new Refusal(ErrorCodes.EROFS());
    }
    return source;
  }

  /**
   * Exactly what is unreadable fails. A client gets what is before it; the page cache, which takes
   * a short answer for the end of the file, gets an error and asks again for each page alone.
   */
  private int read(Handle handle, long offset, ByteBuffer target) {
    int size = target.remaining();
    int count;
    try {
      count = handle.read(offset, target);
    } catch (UnreadableException e) {
      if (!directIo || e.start() <= offset || e.start() >= offset + size) {
        throw e;
      }
      count = (int) (e.start() - offset);
    }
    traffic.read(count);
    return count;
  }

  /**
   * Reads an open file.
   *
   * @return bytes read, or an error number below zero
   */
  int read(long handle, long offset, ByteBuffer target) {
    return answer(() -> read(handle(handle), offset, target));
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
              found[0] = find(handle(handle), offset, whence);
              return 0;
            });
    return error < 0 ? error : found[0];
  }

  private static long find(Handle handle, long offset, int whence) throws Refusal {
    long size = handle.source.size();
    if (whence != SEEK_DATA && whence != SEEK_HOLE) {
      throw new Refusal(ErrorCodes.EINVAL());
    }
    if (offset < 0 || offset >= size) {
      throw new Refusal(ErrorCodes.ENXIO());
    }
    Iterator<Extent> extents = handle.source.extents(offset, size - offset);
    while (extents.hasNext()) {
      Extent extent = extents.next();
      if (extent.kind().readsAsZeros() == (whence == SEEK_HOLE)) {
        return extent.start();
      }
    }
    if (whence == SEEK_DATA) {
      throw new Refusal(ErrorCodes.ENXIO());
    }
    return size;
  }

  private int write(Pointer buffer, long size, long offset, Pointer info) throws Refusal {
    WritableSource source = writable(info);
    long room = source.size() - offset;
    if (room <= 0) {
      throw new Refusal(ErrorCodes.ENOSPC());
    }
    int count = (int) Math.min(size, room);
    source.write(offset, MemoryIO.getInstance().newDirectByteBuffer(buffer.address(), count));
    traffic.wrote(count);
    return count;
  }

  private int sync(Pointer info) throws Refusal {
    if (handle(info).source instanceof WritableSource source) {
      source.sync();
    }
    return 0;
  }

  private int allocate(int mode, long offset, long length, Pointer info) throws Refusal {
    WritableSource source = writable(info);
    int what = mode & ~FALLOC_KEEP_SIZE;
    if (offset < 0 || length <= 0 || offset > source.size() - length) {
      throw new Refusal(ErrorCodes.EFBIG());
    }
    if (what == FALLOC_PUNCH_HOLE || what == FALLOC_ZERO_RANGE) {
      source.zero(offset, length);
    } else if (what != 0) {
      throw new Refusal(ErrorCodes.EOPNOTSUPP());
    }
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

  private static long attributeOfSelf(String name) {
    try {
      return ((Number) Files.getAttribute(Path.of("/proc/self"), name)).longValue();
    } catch (IOException e) {
      throw new BlkshException("mount", "/proc is missing", e);
    }
  }
}
