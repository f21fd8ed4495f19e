package blksh.mount;

import blksh.BlkshException;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;
import ru.serce.jnrfuse.struct.FuseOperations;

/**
 * libfuse 2, as far as it is called from here. Requests are received by threads of this process
 * instead of the library's own loop: those would be made known to the JVM, and forgotten, at each
 * single request.
 */
final class FuseLibrary {

  private static final String PACKAGES = "apt-get install fuse3 libfuse2, or dnf install fuse-libs";
  private static final String NBD = "; or serve it over NBD, which needs none of this";
  private static final String ACTION = "mount";

  /**
   * The functions, under the names and with the arguments of fuse.h and fuse_lowlevel.h, and four
   * of the C library, which comes with it. Public, because it is implemented from outside.
   */
  public interface Calls {
    Pointer fuse_setup(
        int count,
        Pointer arguments,
        FuseOperations operations,
        @size_t long operationsSize,
        Pointer mountPoint,
        Pointer multithreaded,
        Pointer data);

    Pointer fuse_get_session(Pointer fuse);

    Pointer fuse_session_next_chan(Pointer session, Pointer before);

    @size_t
    long fuse_chan_bufsize(Pointer channel);

    int fuse_chan_recv(Pointer channelPointer, Pointer buffer, @size_t long size);

    void fuse_session_process(
        Pointer session, Pointer buffer, @size_t long length, Pointer channel);

    int fuse_session_exited(Pointer session);

    int fuse_chan_fd(Pointer channel);

    Pointer fuse_kern_chan_new(int descriptor);

    void fuse_chan_destroy(Pointer channel);

    int pipe(Pointer descriptors);

    @ssize_t
    long read(int descriptor, Pointer to, @size_t long length);

    @ssize_t
    long write(int descriptor, Pointer from, @size_t long length);

    int close(int descriptor);

    void fuse_unmount(String mountPoint, Pointer channel);

    void fuse_destroy(Pointer fuse);
  }

  private static Calls calls;

  private FuseLibrary() {}

  /**
   * The loaded library.
   *
   * @throws BlkshException naming the package when something FUSE needs is missing
   */
  static synchronized Calls load() {
    Path device = Path.of("/dev/fuse");
    if (!Files.exists(device)) {
      throw new BlkshException(ACTION, "there is no /dev/fuse")
          .suggest("modprobe fuse; in a container, run it with --device /dev/fuse" + NBD);
    }
    if (!Files.isReadable(device) || !Files.isWritable(device)) {
      throw new BlkshException(ACTION, "no permission to use /dev/fuse")
          .suggest("run as root or join the group that may" + NBD);
    }
    if (Program.find("fusermount3", "fusermount").isEmpty()) {
      throw new BlkshException(ACTION, "there is no fusermount").suggest(PACKAGES + NBD);
    }
    if (calls == null) {
      try {
        calls = LibraryLoader.create(Calls.class).failImmediately().load("libfuse.so.2");
      } catch (UnsatisfiedLinkError e) {
        throw new BlkshException(ACTION, "libfuse 2 (libfuse.so.2) is missing", e)
            .suggest(PACKAGES + NBD);
      }
    }
    return calls;
  }

  /** An {@code argv} with everything it points to, ending with a null pointer. */
  static Pointer arguments(String... words) {
    Runtime runtime = Runtime.getSystemRuntime();
    int pointer = runtime.addressSize();
    byte[][] texts = new byte[words.length][];
    int bytes = 0;
    for (int i = 0; i < words.length; i++) {
      texts[i] = words[i].getBytes(Program.fileNames());
      bytes += texts[i].length + 1;
    }
    int text = (words.length + 1) * pointer;
    Pointer memory = Memory.allocateDirect(runtime, text + bytes, true);
    for (int i = 0; i < words.length; i++) {
      memory.putAddress((long) i * pointer, memory.address() + text);
      memory.put(text, texts[i], 0, texts[i].length);
      text += texts[i].length + 1;
    }
    return memory;
  }
}
