package blksh.lz;

/**
 * Bits in units of 16, least significant byte first, of each unit the highest bit first; bytes may
 * lie between units. What follows the end is zeros, of which only so many are handed out as a last
 * symbol may look ahead.
 */
final class BitInput {

  private static final int UNIT = 16;

  /** Units of zeros after the end that somebody may ask for. */
  private static final int PAST = 4;

  private final byte[] bytes;
  private final int end;
  private int next;
  private int past;

  /** The bits at hand, the next one the highest of {@link #count}. */
  private long held;

  private int count;

  BitInput(byte[] bytes, int start, int end) {
    this.bytes = bytes;
    this.next = start;
    this.end = end;
  }

  /** Makes sure that so many bits are at hand. @param wanted 0 to 17 */
  void ensure(int wanted) throws BadChunkException {
    while (count < wanted) {
      int unit = 0;
      if (next + 2 <= end) {
        unit = (bytes[next] & 0xff) | (bytes[next + 1] & 0xff) << 8;
        next += 2;
      } else if (++past > PAST) {
        throw new BadChunkException("ends too early");
      }
      held = held << UNIT | unit;
      count += UNIT;
    }
  }

  /** BitInput that were {@link #ensure}d, left where they are. */
  int peek(int bits) {
    return (int) (held >>> (count - bits)) & ((1 << bits) - 1);
  }

  void skip(int bits) {
    count -= bits;
  }

  /** The next bits as a number. @param bits 0 to 17 */
  int take(int bits) throws BadChunkException {
    ensure(bits);
    int value = peek(bits);
    skip(bits);
    return value;
  }

  /** The byte behind the last unit taken up. */
  int takeByte() throws BadChunkException {
    if (next >= end) {
      throw new BadChunkException("ends too early");
    }
    return bytes[next++] & 0xff;
  }

  int takeShort() throws BadChunkException {
    int low = takeByte();
    return low | takeByte() << 8;
  }

  int takeInt() throws BadChunkException {
    int low = takeShort();
    return low | takeShort() << 16;
  }

  /** Goes on at a whole unit; a whole one is left out when it was there already. */
  void align() throws BadChunkException {
    ensure(count % UNIT == 0 ? count + 1 : count);
    if (past > 0) {
      throw new BadChunkException("ends too early");
    }
    next -= (count - 1) / UNIT * 2; // whole units behind the one that is left
    held = 0;
    count = 0;
  }

  /**
   * Makes sure that all was taken but what fills the last unit, which is zeros.
   *
   * @param padded whether one byte may follow, as behind an odd number of bytes
   */
  void finish(boolean padded) throws BadChunkException {
    int left = count - past * UNIT;
    if (left < 0) {
      throw new BadChunkException("ends too early");
    }
    int padding = padded && count == 0 ? 1 : 0;
    if (left >= UNIT || end - next > padding || peek(count) != 0) {
      throw new BadChunkException("goes on behind its end");
    }
  }

  /** Bytes behind the last unit taken up, as they are. */
  void takeBytes(byte[] to, int at, int length) throws BadChunkException {
    if (length > end - next) {
      throw new BadChunkException("ends too early");
    }
    System.arraycopy(bytes, next, to, at, length);
    next += length;
  }
}
