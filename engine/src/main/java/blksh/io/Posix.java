package blksh.io;

import static blksh.io.NativeType.INT32;
import static blksh.io.NativeType.INT64;
import static blksh.io.NativeType.POINTER;
import static blksh.io.NativeType.UINT64;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The few system calls the JDK does not offer: those that find the holes of a file, reading a
 * device past the page cache by single sectors, and the words for error numbers. Loading this class
 * costs some tens of milliseconds, so only those who need them touch it.
 */
public final class Posix {

  /** Finds the first data at or after a position (Linux). */
  public static final int SEEK_DATA = 3;

  /** Finds the first hole at or after a position; every file ends in one (Linux). */
  public static final int SEEK_HOLE = 4;

  /** Finds the end of the file. */
  public static final int SEEK_END = 2;

  /** Error number: there is no data at or after the position. */
  public static final int ENXIO = 6;

  /** Error number: interrupted by a signal. */
  public static final int EINTR = 4;

  /** Error number: the medium could not be read. */
  public static final int EIO = 5;

  /** Error number: there is no such device any more. */
  public static final int ENODEV = 19;

  /** Error number: there is no medium in the drive. */
  public static final int ENOMEDIUM = 123;

  /** Error number: somebody else has it for himself. */
  static final int EBUSY = 16;

  private static final int O_RDONLY = 0;

  private static final int O_RDWR = 2;

  /** Of a block device: for this process alone, and for nobody when the kernel uses it itself. */
  private static final int O_EXCL = 0200;

  /** Reads past the page cache; its value depends on the processor. */
  private static final int O_DIRECT =
      System.getProperty("os.arch").equals("aarch64") ? 0200000 : 040000;

  private static final int O_CLOEXEC = 02000000;

  /** Opens an optical drive whether or not there is a disc in it. */
  private static final int O_NONBLOCK = 04000;

  private static final Optional<Posix> INSTANCE = load();

  private final NativeLibrary system = NativeLibrary.ofSystem();
  private final NativeFunction open = system.systemCall("open", INT32, POINTER, INT32);
  private final NativeFunction seek = system.systemCall("lseek", INT64, INT32, INT64, INT32);
  private final NativeFunction pread =
      system.systemCall("pread", INT64, INT32, POINTER, UINT64, INT64);
  private final NativeFunction ioctl = system.systemCall("ioctl", INT32, INT32, UINT64, INT64);
  private final NativeFunction close = system.systemCall("close", INT32, INT32);
  private final NativeFunction listxattr =
      system.systemCall("listxattr", INT64, POINTER, POINTER, UINT64);
  private final NativeFunction getxattr =
      system.systemCall("getxattr", INT64, POINTER, POINTER, POINTER, UINT64);
  private final NativeFunction setxattr =
      system.systemCall("setxattr", INT32, POINTER, POINTER, POINTER, UINT64, INT32);
  private final NativeFunction removexattr =
      system.systemCall("removexattr", INT32, POINTER, POINTER);
  private final NativeFunction strerror = system.function("strerror", POINTER, INT32);

  private Posix() {}

  /** The system calls, or nothing where they cannot be called. */
  public static Optional<Posix> instance() {
    return INSTANCE;
  }

  private static Optional<Posix> load() {
    try {
      return System.getProperty("os.name").equals("Linux")
              && System.getProperty("sun.arch.data.model", "").equals("64")
          ? Optional.of(new Posix())
          : Optional.empty();
    } catch (LinkageError | RuntimeException e) {
      return Optional.empty();
    }
  }

  /**
   * @return a file descriptor for reading, or the negated error number
   */
  public int open(Path path) {
    return open(path, O_RDONLY | O_CLOEXEC);
  }

  /**
   * @return a file descriptor for reading past the page cache, or the negated error number
   */
  public int openDirect(Path path) {
    return open(path, O_RDONLY | O_CLOEXEC | O_DIRECT);
  }

  /**
   * @return a file descriptor to ask a drive about itself, or the negated error number
   */
  public int openWithoutMedium(Path path) {
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  }

  /**
   * Opens a block device that nobody uses, the kernel's file systems and swap included, and keeps
   * others who ask so out.
   *
   * @return a file descriptor for reading and writing, or the negated error number
   */
  int openAlone(Path path) {
    return open(path, O_RDWR | O_EXCL | O_CLOEXEC);
  }

  private int open(Path path, int flags) {
    byte[] name = path.toString().getBytes(fileNames());
    try (DirectBuffer memory = DirectBuffer.borrow(name.length + 1)) {
      return (int) NativeFunction.orError(open.call(text(memory, name), flags));
    }
  }

  /** Puts a text where C finds it. @return its address */
  private static long text(DirectBuffer memory, byte[] bytes) {
    return NativeLibrary.address(memory.bytes().put(bytes).put((byte) 0));
  }

  /**
   * Reads the names of a file's extended attributes, each with a zero byte behind it.
   *
   * @return bytes of all names, or the negated error number
   */
  int listAttributes(Path path, ByteBuffer names) {
    byte[] file = path.toString().getBytes(fileNames());
    try (DirectBuffer memory = DirectBuffer.borrow(file.length + 1)) {
      return (int)
          NativeFunction.orError(
              listxattr.call(
                  text(memory, file), NativeLibrary.address(names), (long) names.capacity()));
    }
  }

  /**
   * Reads an extended attribute of a file.
   *
   * @return bytes of its value, or the negated error number
   */
  int attribute(Path path, byte[] name, ByteBuffer value) {
    byte[] file = path.toString().getBytes(fileNames());
    try (DirectBuffer memory = DirectBuffer.borrow(file.length + 1);
        DirectBuffer named = DirectBuffer.borrow(name.length + 1)) {
      return (int)
          NativeFunction.orError(
              getxattr.call(
                  text(memory, file),
                  text(named, name),
                  NativeLibrary.address(value),
                  (long) value.capacity()));
    }
  }

  /**
   * Gives a file an extended attribute, the first bytes of a buffer.
   *
   * @return 0, or the negated error number
   */
  int setAttribute(Path path, byte[] name, ByteBuffer value, int length) {
    byte[] file = path.toString().getBytes(fileNames());
    try (DirectBuffer memory = DirectBuffer.borrow(file.length + 1);
        DirectBuffer named = DirectBuffer.borrow(name.length + 1)) {
      return (int)
          NativeFunction.orError(
              setxattr.call(
                  text(memory, file), text(named, name), NativeLibrary.address(value), length, 0));
    }
  }

  /** Takes an extended attribute from a file. @return 0, or the negated error number */
  int removeAttribute(Path path, byte[] name) {
    byte[] file = path.toString().getBytes(fileNames());
    try (DirectBuffer memory = DirectBuffer.borrow(file.length + 1);
        DirectBuffer named = DirectBuffer.borrow(name.length + 1)) {
      return (int) NativeFunction.orError(removexattr.call(text(memory, file), text(named, name)));
    }
  }

  /**
   * @return a position in bytes, or the negated error number
   */
  public long seek(int descriptor, long position, int whence) {
    return NativeFunction.orError(seek.call(descriptor, position, whence));
  }

  /**
   * Reads into a direct buffer from its position on, which does not move.
   *
   * @return bytes read, or the negated error number
   */
  public int read(int descriptor, long position, ByteBuffer target) {
    long address = NativeLibrary.address(target) + target.position();
    return (int)
        NativeFunction.orError(pread.call(descriptor, address, target.remaining(), position));
  }

  /**
   * @return what the drive answers, or the negated error number
   */
  public int ioctl(int descriptor, long request, long argument) {
    return (int) NativeFunction.orError(ioctl.call(descriptor, request, argument));
  }

  /** As above, with a direct buffer from its first byte on. */
  int ioctl(int descriptor, long request, ByteBuffer argument) {
    return ioctl(descriptor, request, NativeLibrary.address(argument));
  }

  public void close(int descriptor) {
    close.call(descriptor);
  }

  /** What the system says for an error number, in the language of the process. */
  public String errorText(int number) {
    return new String(NativeLibrary.text(strerror.call(number)), fileNames());
  }

  private static Charset fileNames() {
    return Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
  }
}
