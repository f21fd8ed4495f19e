package blksh.mount.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** What was asked of a server, and what has come of the answer. */
abstract class NbdRequest {

  /** Parts of one answer: no honest server needs as many. */
  private static final int MOST_CHUNKS = 100_000;

  final long position;
  final int length;
  private final int command;

  /** Done when the answer is whole; fails when its connection is lost. */
  private final CompletableFuture<NbdRequest> answer = new CompletableFuture<>();

  private volatile long answeredNanos;
  private int chunks;
  private int error;
  private long errorAt = -1;
  private boolean unplaced;
  private String errorText = "";

  /**
   * @param position byte, a multiple of the least block
   * @param length bytes, as well
   */
  NbdRequest(int command, long position, int length) {
    this.command = command;
    this.position = position;
    this.length = length;
  }

  /** The request as it is sent. */
  ByteBuffer head(long cookie) {
    return ByteBuffer.allocate(28)
        .putInt(NbdProtocol.REQUEST_MAGIC)
        .putShort((short) 0)
        .putShort((short) command)
        .putLong(cookie)
        .putLong(position)
        .putInt(length);
  }

  CompletableFuture<NbdRequest> answer() {
    return answer;
  }

  /** When the answer was whole, by {@link System#nanoTime}; 0 before. */
  long answeredNanos() {
    return answeredNanos;
  }

  /** The error number of the answer, 0 for none. */
  int error() {
    return error;
  }

  /**
   * Bytes from the beginning on that no error touches. Of an error without a place nothing tells
   * which bytes are good, whatever came (doc/proto.md, {@code NBD_REPLY_TYPE_ERROR}).
   */
  int untouched() {
    if (unplaced) {
      return 0;
    }
    return errorAt < 0 ? length : (int) (errorAt - position);
  }

  /** What the server said of the error, or empty. */
  String errorText() {
    return errorText;
  }

  /** Notes an error. @param at a byte of the export, or -1 */
  void fail(int number, long at, String text) throws NbdGarbage {
    if (number == 0) {
      throw new NbdGarbage("it tells of an error without a number");
    }
    if (at >= 0 && (at < position || at >= position + length)) {
      throw new NbdGarbage("it tells of an error where nothing was asked");
    }
    boolean first = at >= 0 && (errorAt < 0 || at < errorAt);
    if (error == 0 || first && !unplaced) {
      error = number;
      errorText = text;
    }
    unplaced |= at < 0;
    errorAt = first ? at : errorAt;
  }

  /** Counts a part of the answer. */
  void chunk() throws NbdGarbage {
    if (++chunks > MOST_CHUNKS) {
      throw new NbdGarbage("its answer does not end");
    }
  }

  /** The rest of a simple reply without an error. */
  abstract void takeSimple(NbdWire wire) throws IOException;

  /** A part with bytes, after its head. @param count bytes of it */
  void takeData(long at, int count, NbdWire wire) throws IOException {
    throw new NbdGarbage("it sends bytes that nobody asked for");
  }

  /** A part of zeros. */
  void takeHole(long at, long count) throws NbdGarbage {
    throw new NbdGarbage("it sends bytes that nobody asked for");
  }

  /** What a context says. @param count of descriptors, each 8 bytes */
  void takeStatus(int context, int count, NbdWire wire) throws IOException {
    throw new NbdGarbage("it tells of blocks that nobody asked for");
  }

  /** That all has come which must, unless there was an error. */
  abstract void mustBeWhole() throws NbdGarbage;

  /** The answer has ended. */
  final void end() throws NbdGarbage {
    if (error == 0) {
      mustBeWhole();
    }
    answeredNanos = System.nanoTime();
    answer.complete(this);
  }

  /** The connection was lost before. */
  final void lose(IOException why) {
    answer.completeExceptionally(why);
  }
}
