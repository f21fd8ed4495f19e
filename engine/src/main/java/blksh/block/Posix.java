package blksh.block;

import com.kenai.jffi.ArrayFlags;
import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Function;
import com.kenai.jffi.HeapInvocationBuffer;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.LastError;
import com.kenai.jffi.Library;
import com.kenai.jffi.Platform;
import com.kenai.jffi.Type;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The three system calls that find the holes of a file, which the JDK does not offer. Loading this
 * class costs some tens of milliseconds, so only those who ask for holes touch it.
 */
final class Posix {

  /** Finds the first data at or after a position (Linux). */
  static final int SEEK_DATA = 3;

  /** Finds the first hole at or after a position; every file ends in one (Linux). */
  static final int SEEK_HOLE = 4;

  /** Finds the end of the file. */
  static final int SEEK_END = 2;

  /** Error number: there is no data at or after the position. */
  static final int ENXIO = 6;

  private static final int O_RDONLY = 0;
  private static final int O_CLOEXEC = 02000000;

  private static final Optional<Posix> INSTANCE = load();

  private final Invoker invoker = Invoker.getInstance();
  private final Function open = function("open", Type.SINT32, Type.POINTER, Type.SINT32);
  private final Function seek =
      function("lseek", Type.SINT64, Type.SINT32, Type.SINT64, Type.SINT32);
  private final Function close = function("close", Type.SINT32, Type.SINT32);

  private Posix() {}

  /** The system calls, or nothing where they cannot be called. */
  static Optional<Posix> instance() {
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
  int open(Path path) {
    byte[] name = path.toString().getBytes(fileNames());
    HeapInvocationBuffer arguments = new HeapInvocationBuffer(open);
    arguments.putArray(name, 0, name.length, ArrayFlags.IN | ArrayFlags.NULTERMINATE);
    arguments.putInt(O_RDONLY | O_CLOEXEC);
    int descriptor = invoker.invokeInt(open, arguments);
    return descriptor < 0 ? -LastError.getInstance().get() : descriptor;
  }

  /**
   * @return a position in bytes, or the negated error number
   */
  long seek(int descriptor, long position, int whence) {
    long found =
        invoker.invokeN3(
            seek.getCallContext(), seek.getFunctionAddress(), descriptor, position, whence);
    return found < 0 ? -LastError.getInstance().get() : found;
  }

  void close(int descriptor) {
    invoker.invokeN1(close.getCallContext(), close.getFunctionAddress(), descriptor);
  }

  private static Charset fileNames() {
    return Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
  }
}
