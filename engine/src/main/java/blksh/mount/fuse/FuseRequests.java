package blksh.mount.fuse;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.ConcurrentLinkedDeque;
import jnr.ffi.Pointer;

/**
 * The requests of the kernel that are answered without the library: reads, which it would slow
 * down, and the search for holes, which it does not know. Numbers and layouts are those of
 * linux/fuse.h; all integers are in the order of the machine.
 */
final class FuseRequests {

  /** Bytes of the largest read the kernel asks for at once, where it is told that it may. */
  static final int LARGEST_READ = 1 << 20;

  private static final int FUSE_READ = 15;
  private static final int FUSE_INIT = 26;
  private static final int FUSE_INTERRUPT = 36;
  private static final int FUSE_LSEEK = 46;

  /** {@code struct fuse_in_header}: where the opcode, the request's number and its body are. */
  private static final int OPCODE = 4;

  private static final int UNIQUE = 8;
  private static final int BODY = 40;

  /** {@code struct fuse_out_header}: length, error, number of the request. */
  private static final int HEAD = 16;

  /** {@code fuse_init_in} and {@code fuse_init_out}. */
  private static final int INIT_FLAGS = 12;

  private static final int INIT_MAX_PAGES = 28;
  private static final int INIT_LENGTH = 64;
  private static final int FUSE_ASYNC_DIO = 1 << 15;
  private static final int FUSE_MAX_PAGES = 1 << 22;

  private static final int PAGE = 4096;

  private final FuseLibrary library;
  private final TreeFileSystem files;
  private final int descriptor;

  /** Buffers for large answers; at most one for each thread that serves. */
  private final ConcurrentLinkedDeque<ByteBuffer> large = new ConcurrentLinkedDeque<>();

  FuseRequests(FuseLibrary library, TreeFileSystem files, int descriptor) {
    this.library = library;
    this.files = files;
    this.descriptor = descriptor;
  }

  /** A buffer for the answers of one thread. */
  static ByteBuffer answerBuffer() {
    return ByteBuffer.allocateDirect(HEAD + FuseMount.LARGEST_REQUEST)
        .order(ByteOrder.nativeOrder());
  }

  /** Answers a request; false when that is for the library to do. */
  boolean answer(Pointer request, ByteBuffer buffer) {
    switch (request.getInt(OPCODE)) {
      case FUSE_READ -> read(request, buffer);
      case FUSE_LSEEK -> seek(request, buffer);
      case FUSE_INTERRUPT -> {
        // What was asked for is answered all the same, which the protocol allows.
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private void read(Pointer request, ByteBuffer buffer) {
    long handle = request.getLong(BODY);
    long offset = request.getLong(BODY + 8);
    int size = request.getInt(BODY + 16);
    ByteBuffer answer = buffer;
    if (HEAD + size > buffer.capacity()) {
      answer = large.poll();
      if (answer == null) {
        answer = ByteBuffer.allocateDirect(HEAD + LARGEST_READ).order(ByteOrder.nativeOrder());
      }
    }
    try {
      int count = files.read(handle, offset, answer.clear().position(HEAD).limit(HEAD + size));
      send(request, answer, count);
    } finally {
      if (answer != buffer) {
        large.push(answer);
      }
    }
  }

  private void seek(Pointer request, ByteBuffer answer) {
    long found =
        files.seek(request.getLong(BODY), request.getLong(BODY + 8), request.getInt(BODY + 16));
    answer.clear().putLong(HEAD, found);
    send(request, answer, found < 0 ? (int) found : Long.BYTES);
  }

  /**
   * @param count bytes of the answer after its head, or an error number below zero
   */
  private void send(Pointer request, ByteBuffer answer, int count) {
    int length = HEAD + Math.max(0, count);
    answer.putInt(0, length);
    answer.putInt(4, Math.min(0, count));
    answer.putLong(8, request.getLong(UNIQUE));
    // It fails when nobody waits for the answer any more.
    library.write(descriptor, answer, length);
  }

  /**
   * Whether this is the first request, by which both sides agree on what they can do. {@link
   * #agree} is for it.
   */
  static boolean isFirst(Pointer request) {
    return request.getInt(OPCODE) == FUSE_INIT;
  }

  /**
   * Lets the library answer the first request into a pipe, and adds what it does not know of: reads
   * of up to a MiB, several of one client at the same time.
   */
  void agree(long session, Pointer request, int length) {
    int offered = request.getInt(BODY + INIT_FLAGS);
    ByteBuffer answer = ByteBuffer.allocateDirect(PAGE).order(ByteOrder.nativeOrder());
    int[] ends = library.pipe();
    long channel = library.newChannel(ends[1]); // which closes its end
    try {
      library.process(session, request, length, channel);
    } finally {
      library.destroyChannel(channel);
    }
    int count = library.read(ends[0], answer);
    library.close(ends[0]);
    if (count <= 0) {
      return;
    }
    if (answer.getInt(4) == 0 && count <= HEAD + INIT_MAX_PAGES) {
      int accepted = offered & (FUSE_ASYNC_DIO | FUSE_MAX_PAGES);
      answer.putInt(HEAD + INIT_FLAGS, answer.getInt(HEAD + INIT_FLAGS) | accepted);
      answer.putShort(HEAD + INIT_MAX_PAGES, (short) (LARGEST_READ / PAGE));
      count = HEAD + INIT_LENGTH;
      answer.putInt(0, count);
    }
    library.write(descriptor, answer, count);
  }
}
