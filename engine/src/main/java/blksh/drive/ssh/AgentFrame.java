package blksh.drive.ssh;

import java.nio.ByteBuffer;

/**
 * One message of the protocol between blksh and its agent beside a drive.
 *
 * @param kind one of the constants here
 * @param channel the open drive it is about; 0 for the connection
 * @param number of the request, which an answer repeats
 * @param payload what it says
 */
record AgentFrame(int kind, int channel, int number, byte[] payload) {

  /** Bytes before the payload: its length, kind, channel, number; big-endian. */
  static final int HEAD = 13;

  private static final int PAGES_BYTES = 256 << 10;
  private static final int BLOCK_BYTES = 64 << 10;
  private static final int MOST_LISTED = 4 << 20;

  /** What else stands in an answer beside bytes of a drive: masks, digests, unreadable ranges. */
  private static final int ELSE = 64 << 10;

  // What is asked.
  static final int OPEN = 1;
  static final int CLOSE = 2;
  static final int HASH = 3;
  static final int WANT = 4;
  static final int READ = 5;
  static final int EXTENTS = 6;
  static final int DRIVES = 7;
  static final int PING = 8;
  static final int SIZE = 9;
  static final int TEACH = 10;
  static final int CLAIM = 11;
  static final int WRITE = 12;
  static final int KEEP = 13;
  static final int ZERO = 14;
  static final int FINISH = 15;
  static final int DROP = 16;
  static final int HASH_OLD = 17;
  static final int FLUSH = 18;
  static final int PACE = 19;

  // What is answered.
  static final int HELLO = 65;
  static final int OPENED = 66;
  static final int DIGESTS = 67;
  static final int PAGES = 68;
  static final int DATA = 69;
  static final int EXTENT = 70;
  static final int LISTED = 71;
  static final int ALIVE = 72;
  static final int FAILED = 73;
  static final int SIZED = 74;
  static final int TAUGHT = 75;
  static final int CLAIMED = 76;
  static final int WROTE = 77;
  static final int FINISHED = 78;
  static final int DROPPED = 79;

  /** The last kind of an answer. */
  static final int LAST = DROPPED;

  /** How bytes are packed. */
  static final int RAW = 0;

  static final int ZLIB = 1;
  static final int ZSTD = 2;

  /** The longest payload of an answer that is taken, in bytes. */
  static int most(int kind) {
    return switch (kind) {
      case PAGES -> PAGES_BYTES + ELSE;
      case DATA -> BLOCK_BYTES + ELSE;
      case LISTED -> MOST_LISTED;
      case ALIVE, SIZED, TAUGHT, WROTE, DROPPED -> Long.BYTES;
      default -> ELSE;
    };
  }

  /** The kind of the answer to a request that has one, if it does not fail. */
  static int answerTo(int kind) {
    return switch (kind) {
      case OPEN -> OPENED;
      case READ -> DATA;
      case EXTENTS -> EXTENT;
      case DRIVES -> LISTED;
      case SIZE -> SIZED;
      case TEACH -> TAUGHT;
      case CLAIM -> CLAIMED;
      case FINISH -> FINISHED;
      case DROP -> DROPPED;
      default -> throw new IllegalArgumentException("no request of kind " + kind);
    };
  }

  /** The frame as it is sent. */
  byte[] bytes() {
    return ByteBuffer.allocate(HEAD + payload.length)
        .putInt(payload.length)
        .put((byte) kind)
        .putInt(channel)
        .putInt(number)
        .put(payload)
        .array();
  }

  ByteBuffer content() {
    return ByteBuffer.wrap(payload);
  }
}
