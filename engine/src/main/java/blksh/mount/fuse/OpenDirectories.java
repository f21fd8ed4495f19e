package blksh.mount.fuse;

import static blksh.io.NativeType.INT32;
import static blksh.io.NativeType.INT64;
import static blksh.io.NativeType.POINTER;

import blksh.io.NativeFunction;
import blksh.io.Program;
import blksh.mount.MountDirectory;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import ru.serce.jnrfuse.ErrorCodes;

/** The directories that are open, by the handles the kernel knows them by. */
final class OpenDirectories {

  /** Bytes of the longest name; what is longer is not shown. */
  static final int LONGEST_NAME = 255;

  private final AtomicLong lastHandle = new AtomicLong();
  private final Map<Long, MountDirectory> open = new ConcurrentHashMap<>();

  long open(MountDirectory directory) {
    long handle = lastHandle.incrementAndGet();
    open.put(handle, directory);
    return handle;
  }

  void release(long handle) {
    open.remove(handle);
  }

  /** Lets go of all, when no more requests can come. */
  void close() {
    open.clear();
  }

  /**
   * Hands all names to the library, which gives them to the reader piece by piece.
   *
   * @param filler the function that takes a name: fuse_fill_dir_t
   */
  void list(long handle, Pointer buffer, Pointer filler) throws Refusal {
    MountDirectory directory = open.get(handle);
    if (directory == null) {
      throw new Refusal(ErrorCodes.EBADF());
    }
    NativeFunction fill =
        NativeFunction.at(filler.address(), INT32, POINTER, POINTER, POINTER, INT64);
    Pointer text = Memory.allocateDirect(Runtime.getSystemRuntime(), LONGEST_NAME + 1);
    Iterator<String> own = List.of(".", "..").iterator();
    Iterator<String> names = directory.names();
    while (own.hasNext() || names.hasNext()) {
      byte[] name = (own.hasNext() ? own.next() : names.next()).getBytes(Program.fileNames());
      if (name.length <= LONGEST_NAME) {
        text.put(0, name, 0, name.length);
        text.putByte(name.length, (byte) 0);
        if (fill.call(buffer.address(), text.address(), 0, 0) != 0) {
          throw new Refusal(ErrorCodes.ENOMEM());
        }
      }
    }
  }
}
