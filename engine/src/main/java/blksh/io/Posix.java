package blksh.io;

import com.kenai.jffi.ArrayFlags;
import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Function;
import com.kenai.jffi.HeapInvocationBuffer;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.LastError;
import com.kenai.jffi.Library;
import com.kenai.jffi.MemoryIO;
import com.kenai.jffi.Platform;
import com.kenai.jffi.Type;
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

  private static final int O_RDONLY = 0;

  /** Reads past the page cache; its value depends on the processor. */
  private static final int O_DIRECT =
      Platform.getPlatform().getCPU() == Platform.CPU.AARCH64 ? 0200000 : 040000;

  private static final int O_CLOEXEC = 02000000;

  /** Opens an optical drive whether or not there is a disc in it. */
  private static final int O_NONBLOCK = 04000;

  private static final Optional<Posix> INSTANCE = load();

  private final Invoker invoker = Invoker.getInstance();
  private final Function open = function("open", Type.SINT32, Type.POINTER, Type.SINT32);
  private final Function seek =
      function("lseek", Type.SINT64, Type.SINT32, Type.SINT64, Type.SINT32);
  private final Function pread =
      function("pread", Type.SINT64, Type.SINT32, Type.POINTER, Type.UINT64, Type.SINT64);
  private final Function ioctl =
      function("ioctl", Type.SINT32, Type.SINT32, Type.UINT64, Type.SINT64);
  private final Function close = function("close", Type.SINT32, Type.SINT32);
  private final Function strerror = function("strerror", Type.POINTER, Type.SINT32);

  private Posix() {}

  /** The system calls, or nothing where they cannot be called. */
  public static Optional<Posix> instance() {
    return INSTANCE;
  }

  private static Optional<Posix> load() {
    try {
      Platform platform = Platform.getPlatform();
      return platform.getOS() == Platform.OS.LINUX && platform.addressSize() == 64
          ? Optional.of(new Posix())
          : Optional.empty();
    } catch (LinkageError | RuntimeException e) {
      return Optional.empty();
    }
  }

  private static Function function(String name, Type result, Type... parameters) {
    long address = Library.getDefault().getSymbolAddress(name);
    if (address == 0) {
      throw new UnsatisfiedLinkError(name);
    }
    return new Function(
        address, CallContext.getCallContext(result, parameters, CallingConvention.DEFAULT, true));
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

  private int open(Path path, int flags) {
    byte[] name = path.toString().getBytes(fileNames());
    HeapInvocationBuffer arguments = new HeapInvocationBuffer(open);
    arguments.putArray(name, 0, name.length, ArrayFlags.IN | ArrayFlags.NULTERMINATE);
    arguments.putInt(flags);
    int descriptor = invoker.invokeInt(open, arguments);
    return descriptor < 0 ? -LastError.getInstance().get() : descriptor;
  }

  /**
   * @return a position in bytes, or the negated error number
   */
  public long seek(int descriptor, long position, int whence) {
    long found =
        invoker.invokeN3(
            seek.getCallContext(), seek.getFunctionAddress(), descriptor, position, whence);
    return found < 0 ? -LastError.getInstance().get() : found;
  }

  /**
   * Reads into a direct buffer from its position on, which does not move.
   *
   * @return bytes read, or the negated error number
   */
  public int read(int descriptor, long position, ByteBuffer target) {
    long address = MemoryIO.getInstance().getDirectBufferAddress(target) + target.position();
    long count =
        invoker.invokeN4(
            pread.getCallContext(),
            pread.getFunctionAddress(),
            descriptor,
            address,
            target.remaining(),
            position);
    return count < 0 ? -LastError.getInstance().get() : (int) count;
  }

  /**
   * @return what the drive answers, or the negated error number
   */
  public int ioctl(int descriptor, long request, long argument) {
    int answer =
        (int)
            invoker.invokeN3(
                ioctl.getCallContext(), ioctl.getFunctionAddress(), descriptor, request, argument);
    return answer < 0 ? -LastError.getInstance().get() : answer;
  }

  public void close(int descriptor) {
    invoker.invokeN1(close.getCallContext(), close.getFunctionAddress(), descriptor);
  }

  /** What the system says for an error number, in the language of the process. */
  public String errorText(int number) {
    long address =
        invoker.invokeN1(strerror.getCallContext(), strerror.getFunctionAddress(), number);
    byte[] text = MemoryIO.getInstance().getZeroTerminatedByteArray(address);
    return new String(text, fileNames());
  }

  private static Charset fileNames() {
    return Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
  }
}
