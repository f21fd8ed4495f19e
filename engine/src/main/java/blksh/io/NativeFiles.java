package blksh.io;

import static blksh.io.NativeType.INT32;
import static blksh.io.NativeType.INT64;
import static blksh.io.NativeType.POINTER;
import static blksh.io.NativeType.UINT32;
import static blksh.io.NativeType.UINT64;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The system calls for files by descriptor and name. Names are bytes and end before the first zero.
 * Each returns what the system does, or the negated error number.
 */
final class NativeFiles {

  static final int AT_SYMLINK_NOFOLLOW = 0x100;
  static final int AT_REMOVEDIR = 0x200;
  static final int AT_EMPTY_PATH = 0x1000;

  static final int O_RDONLY = 0;
  static final int O_RDWR = 2;
  static final int O_CREAT = 0100;
  static final int O_EXCL = 0200;
  static final int O_NONBLOCK = 04000;
  static final int O_NOATIME = 01000000;
  static final int O_CLOEXEC = 02000000;

  private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");

  static final int O_DIRECTORY = ARM ? 040000 : 0200000;
  static final int O_NOFOLLOW = ARM ? 0100000 : 0400000;

  /** Longest name of a call, with the zero behind it (PATH_MAX of linux/limits.h). */
  static final int PATH = 4096;

  /** Of a struct statx. */
  private static final int STATX = 256;

  /** What stat(2) tells, without the time of birth (STATX_BASIC_STATS). */
  private static final int BASIC = 0x7ff;

  private static final int STATX_ATTR_MOUNT_ROOT = 0x2000;

  /** Fails when a link is on the way (openat2(2)): RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS. */
  private static final long NO_LINKS = 0x02 | 0x04;

  /** Of a struct open_how. */
  private static final int OPEN_HOW = 24;

  private static final int SYS_OPENAT2 = 437;
  private static final int SYS_MKNODAT = ARM ? 33 : 259;

  /** FICLONE of linux/fs.h. */
  private static final long CLONE = 0x40049409L;

  static final NativeFiles CALLS = new NativeFiles();

  private final NativeLibrary system = NativeLibrary.ofSystem();
  private final NativeFunction openat =
      system.systemCall("openat", INT32, INT32, POINTER, INT32, UINT32);
  private final NativeFunction syscall =
      system.systemCall("syscall", INT64, INT64, INT64, INT64, INT64, INT64);
  private final NativeFunction close = system.systemCall("close", INT32, INT32);
  private final NativeFunction statx =
      system.systemCall("statx", INT32, INT32, POINTER, INT32, UINT32, POINTER);
  private final NativeFunction getdents =
      system.systemCall("getdents64", INT64, INT32, POINTER, UINT64);
  private final NativeFunction readlinkat =
      system.systemCall("readlinkat", INT64, INT32, POINTER, POINTER, UINT64);
  private final NativeFunction linkat =
      system.systemCall("linkat", INT32, INT32, POINTER, INT32, POINTER, INT32);
  private final NativeFunction symlinkat =
      system.systemCall("symlinkat", INT32, POINTER, INT32, POINTER);
  private final NativeFunction mkdirat =
      system.systemCall("mkdirat", INT32, INT32, POINTER, UINT32);
  private final NativeFunction unlinkat =
      system.systemCall("unlinkat", INT32, INT32, POINTER, INT32);
  private final NativeFunction renameat =
      system.systemCall("renameat", INT32, INT32, POINTER, INT32, POINTER);
  private final NativeFunction utimensat =
      system.systemCall("utimensat", INT32, INT32, POINTER, POINTER, INT32);
  private final NativeFunction futimens = system.systemCall("futimens", INT32, INT32, POINTER);
  private final NativeFunction fchownat =
      system.systemCall("fchownat", INT32, INT32, POINTER, UINT32, UINT32, INT32);
  private final NativeFunction fchown = system.systemCall("fchown", INT32, INT32, UINT32, UINT32);
  private final NativeFunction fchmodat =
      system.systemCall("fchmodat", INT32, INT32, POINTER, UINT32, INT32);
  private final NativeFunction fchmod = system.systemCall("fchmod", INT32, INT32, UINT32);
  private final NativeFunction pread =
      system.systemCall("pread", INT64, INT32, POINTER, UINT64, INT64);
  private final NativeFunction pwrite =
      system.systemCall("pwrite", INT64, INT32, POINTER, UINT64, INT64);
  private final NativeFunction seek = system.systemCall("lseek", INT64, INT32, INT64, INT32);
  private final NativeFunction ftruncate = system.systemCall("ftruncate", INT32, INT32, INT64);
  private final NativeFunction ioctl = system.systemCall("ioctl", INT32, INT32, UINT64, INT64);
  private final NativeFunction fsync = system.systemCall("fsync", INT32, INT32);
  private final NativeFunction syncfs = system.systemCall("syncfs", INT32, INT32);
  private final NativeFunction flistxattr =
      system.systemCall("flistxattr", INT64, INT32, POINTER, UINT64);
  private final NativeFunction fgetxattr =
      system.systemCall("fgetxattr", INT64, INT32, POINTER, POINTER, UINT64);
  private final NativeFunction fsetxattr =
      system.systemCall("fsetxattr", INT32, INT32, POINTER, POINTER, UINT64, INT32);
  private final NativeFunction fremovexattr =
      system.systemCall("fremovexattr", INT32, INT32, POINTER);
  private final NativeFunction llistxattr =
      system.systemCall("llistxattr", INT64, POINTER, POINTER, UINT64);
  private final NativeFunction lgetxattr =
      system.systemCall("lgetxattr", INT64, POINTER, POINTER, POINTER, UINT64);
  private final NativeFunction lsetxattr =
      system.systemCall("lsetxattr", INT32, POINTER, POINTER, POINTER, UINT64, INT32);
  private final NativeFunction geteuid = system.function("geteuid", UINT32);

  /** Set once the kernel has said that it has no openat2 (before 5.6). */
  private volatile boolean plainOpen;

  private NativeFiles() {}

  /** Memory of a thread for the names and the answer of a call. */
  private static final class Memory {
    final ByteBuffer first = direct(PATH);
    final ByteBuffer second = direct(PATH);
    final ByteBuffer answer = direct(Math.max(PATH, STATX));
    final long firstAddress = NativeLibrary.address(first);
    final long secondAddress = NativeLibrary.address(second);
    final long answerAddress = NativeLibrary.address(answer);

    private static ByteBuffer direct(int bytes) {
      return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    static boolean put(ByteBuffer to, byte[] name) {
      if (name.length >= PATH) {
        return false;
      }
      to.put(0, name).put(name.length, (byte) 0);
      return true;
    }
  }

  private static final ThreadLocal<Memory> MEMORY = ThreadLocal.withInitial(Memory::new);

  private static final long TOO_LONG = -SystemCallException.ENAMETOOLONG;

  private static long error(long returned) {
    return NativeFunction.orError(returned);
  }

  long open(int directory, byte[] name, int flags, int mode) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.first, name)) {
      return TOO_LONG;
    }
    long opened;
    do {
      opened = error(openat.call(directory, memory.firstAddress, flags | O_CLOEXEC, mode));
    } while (opened == -SystemCallException.EINTR);
    return opened;
  }

  /** Opens a directory further down, no step of whose way may be a link. */
  long openDirectory(int directory, byte[] path) {
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    Memory memory = MEMORY.get();
    if (!plainOpen) {
      if (!Memory.put(memory.first, path)) {
        return TOO_LONG;
      }
      memory.answer.putLong(0, flags).putLong(8, 0).putLong(16, NO_LINKS);
      long opened =
          error(
              syscall.call(
                  SYS_OPENAT2, directory, memory.firstAddress, memory.answerAddress, OPEN_HOW));
      if (opened != -SystemCallException.ENOSYS && opened != -SystemCallException.EPERM) {
        return opened;
      }
      plainOpen = opened == -SystemCallException.ENOSYS;
    }
    return openStepwise(directory, path, flags);
  }

  private long openStepwise(int directory, byte[] path, int flags) {
    int current = directory;
    int start = 0;
    while (true) {
      int end = start;
      while (end < path.length && path[end] != '/') {
        end++;
      }
      long next = open(current, Arrays.copyOfRange(path, start, end), flags, 0);
      if (current != directory) {
        close(current);
      }
      if (next < 0 || end == path.length) {
        return next;
      }
      current = (int) next;
      start = end + 1;
    }
  }

  void close(int descriptor) {
    close.call(descriptor);
  }

  /**
   * @param name empty for what the descriptor itself is
   * @param status gets the answer; null when nothing but the error number is wanted
   */
  long status(int directory, byte[] name, FileStatus[] status) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.first, name)) {
      return TOO_LONG;
    }
    int flags = name.length == 0 ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW;
    long result =
        error(statx.call(directory, memory.firstAddress, flags, BASIC, memory.answerAddress));
    if (result == 0) {
      status[0] = status(memory.answer);
      if (status[0] == null) {
        return -SystemCallException.EINVAL;
      }
    }
    return result;
  }

  /** Of a struct statx (linux/stat.h). */
  private static FileStatus status(ByteBuffer from) {
    int mode = from.getShort(28) & 0xffff;
    FileType type = FileType.ofMode(mode);
    return type == null
        ? null
        : new FileStatus(
            type,
            mode & 07777,
            from.getInt(20),
            from.getInt(24),
            from.getLong(40),
            from.getLong(48),
            from.getLong(112),
            from.getInt(120),
            from.getLong(96),
            from.getInt(104),
            device(from.getInt(136), from.getInt(140)),
            from.getLong(32),
            from.getInt(16),
            device(from.getInt(128), from.getInt(132)),
            (from.getLong(8) & STATX_ATTR_MOUNT_ROOT) != 0);
  }

  /** As glibc's makedev(3) has it. */
  private static long device(int major, int minor) {
    return (minor & 0xffL)
        | (major & 0xfffL) << 8
        | (minor & 0xffffff00L) << 12
        | (major & 0xfffff000L) << 32;
  }

  long entries(int directory, ByteBuffer into) {
    return error(getdents.call(directory, NativeLibrary.address(into), into.capacity()));
  }

  long rewind(int directory) {
    return error(seek.call(directory, 0, 0));
  }

  long readLink(int directory, byte[] name, byte[][] target) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.first, name)) {
      return TOO_LONG;
    }
    long length =
        error(readlinkat.call(directory, memory.firstAddress, memory.answerAddress, PATH));
    if (length >= 0) {
      target[0] = new byte[(int) length];
      memory.answer.get(0, target[0]);
    }
    return length;
  }

  long link(int from, byte[] name, int to, byte[] newName) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.first, name) || !Memory.put(memory.second, newName)) {
      return TOO_LONG;
    }
    return error(linkat.call(from, memory.firstAddress, to, memory.secondAddress, 0));
  }

  long symlink(byte[] target, int directory, byte[] name) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.first, target) || !Memory.put(memory.second, name)) {
      return TOO_LONG;
    }
    return error(symlinkat.call(memory.firstAddress, directory, memory.secondAddress));
  }

  long makeDirectory(int directory, byte[] name, int mode) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.first, name)) {
      return TOO_LONG;
    }
    return error(mkdirat.call(directory, memory.firstAddress, mode));
  }

  long makeNode(int directory, byte[] name, int mode, long device) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.first, name)) {
      return TOO_LONG;
    }
    return error(syscall.call(SYS_MKNODAT, directory, memory.firstAddress, mode, device));
  }

  long remove(int directory, byte[] name, boolean isDirectory) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.first, name)) {
      return TOO_LONG;
    }
    return error(unlinkat.call(directory, memory.firstAddress, isDirectory ? AT_REMOVEDIR : 0));
  }

  long rename(int from, byte[] name, int to, byte[] newName) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.first, name) || !Memory.put(memory.second, newName)) {
      return TOO_LONG;
    }
    return error(renameat.call(from, memory.firstAddress, to, memory.secondAddress));
  }

  /** Both times: the one of access as well, as nothing else is known of it. */
  private static void times(Memory memory, long seconds, int nanos) {
    memory.answer.putLong(0, seconds).putLong(8, nanos).putLong(16, seconds).putLong(24, nanos);
  }

  long setTime(int directory, byte[] name, long seconds, int nanos) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.first, name)) {
      return TOO_LONG;
    }
    times(memory, seconds, nanos);
    return error(
        utimensat.call(directory, memory.firstAddress, memory.answerAddress, AT_SYMLINK_NOFOLLOW));
  }

  long setTime(int descriptor, long seconds, int nanos) {
    Memory memory = MEMORY.get();
    times(memory, seconds, nanos);
    return error(futimens.call(descriptor, memory.answerAddress));
  }

  long setOwner(int directory, byte[] name, int uid, int gid) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.first, name)) {
      return TOO_LONG;
    }
    return error(
        fchownat.call(
            directory,
            memory.firstAddress,
            uid & 0xffffffffL,
            gid & 0xffffffffL,
            AT_SYMLINK_NOFOLLOW));
  }

  long setOwner(int descriptor, int uid, int gid) {
    return error(fchown.call(descriptor, uid & 0xffffffffL, gid & 0xffffffffL));
  }

  long setMode(int directory, byte[] name, int mode) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.first, name)) {
      return TOO_LONG;
    }
    return error(fchmodat.call(directory, memory.firstAddress, mode, 0));
  }

  long setMode(int descriptor, int mode) {
    return error(fchmod.call(descriptor, mode));
  }

  long read(int descriptor, ByteBuffer into, int offset, int length, long position) {
    long returned;
    do {
      returned =
          error(pread.call(descriptor, NativeLibrary.address(into) + offset, length, position));
    } while (returned == -SystemCallException.EINTR);
    return returned;
  }

  long write(int descriptor, ByteBuffer from, int offset, int length, long position) {
    long returned;
    do {
      returned =
          error(pwrite.call(descriptor, NativeLibrary.address(from) + offset, length, position));
    } while (returned == -SystemCallException.EINTR);
    return returned;
  }

  long seek(int descriptor, long position, int whence) {
    return error(seek.call(descriptor, position, whence));
  }

  long truncate(int descriptor, long length) {
    return error(ftruncate.call(descriptor, length));
  }

  /** Makes the contents of a file those of another, sharing the blocks. */
  long cloneFrom(int descriptor, int from) {
    return error(ioctl.call(descriptor, CLONE, from));
  }

  long sync(int descriptor) {
    return error(fsync.call(descriptor));
  }

  /** All of the file system that a descriptor is on. */
  long syncFileSystem(int descriptor) {
    return error(syncfs.call(descriptor));
  }

  long listAttributes(int descriptor, ByteBuffer names) {
    return error(flistxattr.call(descriptor, NativeLibrary.address(names), names.capacity()));
  }

  long attribute(int descriptor, byte[] name, ByteBuffer value) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.second, name)) {
      return TOO_LONG;
    }
    return error(
        fgetxattr.call(
            descriptor, memory.secondAddress, NativeLibrary.address(value), value.capacity()));
  }

  long setAttribute(int descriptor, byte[] name, ByteBuffer value, int length) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.second, name)) {
      return TOO_LONG;
    }
    return error(
        fsetxattr.call(descriptor, memory.secondAddress, NativeLibrary.address(value), length, 0));
  }

  long removeAttribute(int descriptor, byte[] name) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.second, name)) {
      return TOO_LONG;
    }
    return error(fremovexattr.call(descriptor, memory.secondAddress));
  }

  long listAttributes(byte[] path, ByteBuffer names) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.first, path)) {
      return TOO_LONG;
    }
    return error(
        llistxattr.call(memory.firstAddress, NativeLibrary.address(names), names.capacity()));
  }

  long attribute(byte[] path, byte[] name, ByteBuffer value) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.first, path) || !Memory.put(memory.second, name)) {
      return TOO_LONG;
    }
    return error(
        lgetxattr.call(
            memory.firstAddress,
            memory.secondAddress,
            NativeLibrary.address(value),
            (long) value.capacity()));
  }

  long setAttribute(byte[] path, byte[] name, ByteBuffer value, int length) {
    Memory memory = MEMORY.get();
    if (!Memory.put(memory.first, path) || !Memory.put(memory.second, name)) {
      return TOO_LONG;
    }
    return error(
        lsetxattr.call(
            memory.firstAddress, memory.secondAddress, NativeLibrary.address(value), length, 0));
  }

  /** Whom this process acts for. */
  int user() {
    return (int) geteuid.call();
  }
}
