package blksh.iso;

/** Numbers as ISO 9660 has them: once with the least significant byte first, once with the most. */
final class BothEndian {

  private BothEndian() {}

  static void put16(byte[] to, int at, int value) {
    to[at] = (byte) value;
    to[at + 1] = (byte) (value >> 8);
    to[at + 2] = to[at + 1];
    to[at + 3] = to[at];
  }

  static void put32(byte[] to, int at, int value) {
    for (int i = 0; i < 4; i++) {
      to[at + i] = (byte) (value >> 8 * i);
      to[at + 7 - i] = to[at + i];
    }
  }

  static void putBig16(byte[] to, int at, int value) {
    to[at] = (byte) (value >> 8);
    to[at + 1] = (byte) value;
  }

  static void putBig32(byte[] to, int at, int value) {
    for (int i = 0; i < 4; i++) {
      to[at + i] = (byte) (value >> 24 - 8 * i);
    }
  }
}
