package blksh.io;

import com.kenai.jffi.Library;
import com.kenai.jffi.MemoryIO;
import java.nio.ByteBuffer;

/**
 * A library of the system whose functions are called from Java, and the only way here to do so. To
 * load this class costs some tens of milliseconds, so only those who need a function touch it, and
 * as late as they can.
 *
 * <p>Where such calls cannot be made at all, or a library or a function is missing, that is a
 * {@link LinkageError}.
 */
public final class NativeLibrary {

  private final Library library;

  private NativeLibrary(Library library) {
    this.library = library;
  }

  /** The C library. */
  public static NativeLibrary ofSystem() {
    return new NativeLibrary(Library.getDefault());
  }

  /**
   * The first of some libraries that is installed.
   *
   * @param names as the dynamic linker knows them: {@code "libz.so.1"}
   * @throws UnsatisfiedLinkError when none is
   */
  public static NativeLibrary open(String... names) {
    for (String name : names) {
      Library library = Library.getCachedInstance(name, Library.LAZY);
      if (library != null) {
        return new NativeLibrary(library);
      }
    }
    throw new UnsatisfiedLinkError(names[0]);
  }

  /**
   * A function.
   *
   * @throws UnsatisfiedLinkError when the library has none of that name
   */
  public NativeFunction function(String name, NativeType result, NativeType... parameters) {
    return new NativeFunction(library, address(name), false, result, parameters);
  }

  /**
   * A function of which it is to be known why it failed: {@link NativeFunction#orError}.
   *
   * @throws UnsatisfiedLinkError when the library has none of that name
   */
  public NativeFunction systemCall(String name, NativeType result, NativeType... parameters) {
    return new NativeFunction(library, address(name), true, result, parameters);
  }

  private long address(String name) {
    long address = library.getSymbolAddress(name);
    if (address == 0) {
      throw new UnsatisfiedLinkError(name);
    }
    return address;
  }

  /** Where a direct buffer begins, whatever its position; valid while the buffer is reachable. */
  public static long address(ByteBuffer direct) {
    return MemoryIO.getInstance().getDirectBufferAddress(direct);
  }

  /** The bytes from an address on up to the first that is zero. */
  static byte[] text(long address) {
    return MemoryIO.getInstance().getZeroTerminatedByteArray(address);
  }

  /** Memory that somebody else owns, as a buffer; valid as long as that memory is. */
  public static ByteBuffer memory(long address, int length) {
    return MemoryIO.getInstance().newDirectByteBuffer(address, length);
  }
}
