package blksh.mount.fuse;

import static blksh.io.NativeType.INT32;
import static blksh.io.NativeType.INT64;
import static blksh.io.NativeType.POINTER;
import static blksh.io.NativeType.UINT64;
import static blksh.io.NativeType.VOID;

import blksh.BlkshException;
import blksh.io.NativeFunction;
import blksh.io.NativeLibrary;
import blksh.io.Program;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;
import ru.serce.jnrfuse.struct.FuseOperations;

/**
 * libfuse 2, as far as it is called from here, and four functions of the C library. Requests are
 * received by threads of this process instead of the library's own loop: those would be made known
 * to the JVM, and forgotten, at each single request.
 *
 * <p>What the library makes is known by its address: a file system ({@code struct fuse}), its
 * session and its channel to the kernel.
 */
final class FuseLibrary {

  private static final String PACKAGES = "apt-get install fuse3 libfuse2, or dnf install fuse-libs";
  private static final String NBD = "; or serve it over NBD, which needs none of this";
  private static final String ACTION = "mount";

  private static FuseLibrary loaded;

  private final NativeLibrary fuse = NativeLibrary.open("libfuse.so.2");
  private final NativeFunction setup =
      fuse.function(
          "fuse_setup", POINTER, INT32, POINTER, POINTER, UINT64, POINTER, POINTER, POINTER);
  private final NativeFunction getSession = fuse.function("fuse_get_session", POINTER, POINTER);
  private final NativeFunction nextChannel =
      fuse.function("fuse_session_next_chan", POINTER, POINTER, POINTER);
  private final NativeFunction bufferSize = fuse.function("fuse_chan_bufsize", UINT64, POINTER);
  private final NativeFunction receive =
      fuse.function("fuse_chan_recv", INT32, POINTER, POINTER, UINT64);
  private final NativeFunction process =
      fuse.function("fuse_session_process", VOID, POINTER, POINTER, UINT64, POINTER);
  private final NativeFunction exited = fuse.function("fuse_session_exited", INT32, POINTER);
  private final NativeFunction channelDescriptor = fuse.function("fuse_chan_fd", INT32, POINTER);
  private final NativeFunction newChannel = fuse.function("fuse_kern_chan_new", POINTER, INT32);
  private final NativeFunction destroyChannel = fuse.function("fuse_chan_destroy", VOID, POINTER);
  private final NativeFunction unmount = fuse.function("fuse_unmount", VOID, POINTER, POINTER);
  private final NativeFunction destroy = fuse.function("fuse_destroy", VOID, POINTER);

  private final NativeLibrary system = NativeLibrary.ofSystem();
  private final NativeFunction pipe = system.function("pipe", INT32, POINTER);
  private final NativeFunction read = system.function("read", INT64, INT32, POINTER, UINT64);
  private final NativeFunction write = system.function("write", INT64, INT32, POINTER, UINT64);
  private final NativeFunction close = system.function("close", INT32, INT32);

  private FuseLibrary() {}

  /**
   * The loaded library.
   *
   * @throws BlkshException naming the package when something FUSE needs is missing
   */
  static synchronized FuseLibrary load() {
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
    if (loaded == null) {
      try {
        loaded = new FuseLibrary();
      } catch (UnsatisfiedLinkError e) {
        throw new BlkshException(ACTION, "libfuse 2 (libfuse.so.2) is missing", e)
            .suggest(PACKAGES + NBD);
      }
    }
    return loaded;
  }

  /**
   * Makes a file system and mounts it.
   *
   * @param operations the library keeps a copy of the table, not what it points to
   * @param words a command line, as fuse_main(3) has it
   * @return the file system, or 0 when it was refused
   */
  long setup(FuseOperations operations, String... words) {
    Pointer arguments = arguments(words);
    int size = Struct.size(operations);
    Pointer table = Memory.allocateDirect(Runtime.getSystemRuntime(), size, true);
    Struct.getMemory(operations).transferTo(0, table, 0, size);
    Pointer results = Memory.allocateDirect(Runtime.getSystemRuntime(), 16, true);
    try {
      return setup.call(
          words.length,
          arguments.address(),
          table.address(),
          size,
          results.address(),
          results.address() + 8,
          0);
    } finally {
      Reference.reachabilityFence(arguments);
      Reference.reachabilityFence(table);
      Reference.reachabilityFence(results);
    }
  }

  long session(long fileSystem) {
    return getSession.call(fileSystem);
  }

  /** The one channel of a session. */
  long channel(long session) {
    return nextChannel.call(session, 0);
  }

  /** Bytes of the largest request. */
  int bufferSize(long channel) {
    return (int) bufferSize.call(channel);
  }

  /**
   * Waits for a request.
   *
   * @param channel a cell with the address of the channel, which the library may change
   * @return its bytes, 0 at the end, or a negated error number
   */
  int receive(Pointer channel, Pointer buffer, int size) {
    return (int) receive.call(channel.address(), buffer.address(), size);
  }

  /** Has the library answer a request through a channel. */
  void process(long session, Pointer request, int length, long channel) {
    process.call(session, request.address(), length, channel);
  }

  boolean hasExited(long session) {
    return exited.call(session) != 0;
  }

  int descriptor(long channel) {
    return (int) channelDescriptor.call(channel);
  }

  /** A channel that writes to a descriptor, which it closes in the end. */
  long newChannel(int descriptor) {
    return newChannel.call(descriptor);
  }

  void destroyChannel(long channel) {
    destroyChannel.call(channel);
  }

  void unmount(Path path, long channel) {
    Pointer text = text(path.toString());
    unmount.call(text.address(), channel);
    Reference.reachabilityFence(text);
  }

  void destroy(long fileSystem) {
    destroy.call(fileSystem);
  }

  /**
   * Makes a pipe.
   *
   * @return the descriptors to read from and to write to
   * @throws IllegalStateException when there are too many
   */
  int[] pipe() {
    Pointer ends = Memory.allocateDirect(Runtime.getSystemRuntime(), 8, true);
    if (pipe.call(ends.address()) != 0) {
      throw new IllegalStateException("no pipe");
    }
    return new int[] {ends.getInt(0), ends.getInt(4)};
  }

  /**
   * @return bytes read, or less than zero when it fails
   */
  int read(int descriptor, ByteBuffer to) {
    int count = (int) read.call(descriptor, NativeLibrary.address(to), to.capacity());
    Reference.reachabilityFence(to);
    return count;
  }

  /**
   * Writes the beginning of a direct buffer.
   *
   * @return bytes written, or less than zero when it fails
   */
  int write(int descriptor, ByteBuffer from, int length) {
    int count = (int) write.call(descriptor, NativeLibrary.address(from), length);
    Reference.reachabilityFence(from);
    return count;
  }

  void close(int descriptor) {
    close.call(descriptor);
  }

  private static Pointer text(String text) {
    byte[] bytes = text.getBytes(Program.fileNames());
    Pointer memory = Memory.allocateDirect(Runtime.getSystemRuntime(), bytes.length + 1, true);
    memory.put(0, bytes, 0, bytes.length);
    return memory;
  }

  /** An {@code argv} with everything it points to, ending with a null pointer. */
  private static Pointer arguments(String... words) {
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
