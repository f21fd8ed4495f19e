package blksh.lz;

/**
 * LZX as archives in the WIM format and compressed system files have it (Microsoft, MS-PATCH, "LZX
 * DELTA Compression"; the differences by wimlib): chunks of up to 32 KiB, each of blocks of its
 * own, with the addresses of calls made absolute as if of a file of 12,000,000 bytes.
 */
public final class Lzx {

  /** Bytes of a chunk at most: the window. */
  public static final int CHUNK = 1 << 15;

  private static final int DEFAULT_BLOCK = 1 << 15;

  // Kinds of blocks.
  private static final int VERBATIM = 1;
  private static final int ALIGNED = 2;
  private static final int UNCOMPRESSED = 3;

  private static final int LITERALS = 256;
  private static final int SLOTS = 30;
  private static final int HEADERS = 8;
  private static final int MAIN = LITERALS + SLOTS * HEADERS;
  private static final int LENGTHS = 249;
  private static final int SHORTEST = 2;
  private static final int RECENT = 3;

  /** From here on three bits of a distance have a code of their own in aligned blocks. */
  private static final int FIRST_ALIGNED_SLOT = 8;

  private static final int[] SLOT_BITS = new int[SLOTS];
  private static final int[] SLOT_BASE = new int[SLOTS];

  private static final int CALL = 0xe8;
  private static final int CALLS_END = 10;
  private static final int FILE_SIZE = 12_000_000;

  static {
    for (int slot = 1; slot < SLOTS; slot++) {
      SLOT_BITS[slot] = slot < 4 ? 0 : slot / 2 - 1;
      SLOT_BASE[slot] = SLOT_BASE[slot - 1] + (1 << SLOT_BITS[slot - 1]);
    }
  }

  private final BitInput bits;
  private final byte[] to;
  private final int length;
  private final byte[] mainLengths = new byte[MAIN];
  private final byte[] lengthLengths = new byte[LENGTHS];
  private final PrefixCode main = new PrefixCode(MAIN, 16);
  private final PrefixCode lengths = new PrefixCode(LENGTHS, 16);
  private final PrefixCode aligned = new PrefixCode(8, 7);
  private final PrefixCode pre = new PrefixCode(20, 15);
  private final int[] recent = {1, 1, 1};

  private Lzx(byte[] from, byte[] to, int length) {
    this.bits = new BitInput(from, 0, from.length);
    this.to = to;
    this.length = length;
  }

  /**
   * Decodes a chunk.
   *
   * @param from what is compressed, and nothing after it
   * @param to filled from its beginning to {@code length}
   * @param length up to {@link #CHUNK}
   * @throws BadChunkException when it is none, or decodes to less or to more
   */
  public static void decode(byte[] from, byte[] to, int length) throws BadChunkException {
    if (length > CHUNK) {
      throw new IllegalArgumentException(length + " bytes");
    }
    new Lzx(from, to, length).decode();
    relative(to, length);
  }

  private void decode() throws BadChunkException {
    boolean padded = false;
    for (int out = 0; out < length; ) {
      int kind = bits.take(3);
      int size = bits.take(1) == 1 ? DEFAULT_BLOCK : bits.take(16);
      if (size == 0 || size > length - out) {
        throw new BadChunkException("has an impossible block");
      }
      switch (kind) {
        case ALIGNED -> {
          byte[] each = new byte[8];
          for (int i = 0; i < each.length; i++) {
            each[i] = (byte) bits.take(3);
          }
          aligned.set(each, 0);
          readCodes();
          block(out, out + size, true);
        }
        case VERBATIM -> {
          readCodes();
          block(out, out + size, false);
        }
        case UNCOMPRESSED -> copy(out, size);
        default -> throw new BadChunkException("has a block of an unknown kind");
      }
      out += size;
      padded = kind == UNCOMPRESSED && size % 2 != 0;
    }
    bits.finish(padded);
  }

  private void copy(int out, int size) throws BadChunkException {
    bits.align();
    for (int i = 0; i < RECENT; i++) {
      recent[i] = bits.takeInt();
      if (recent[i] == 0) {
        throw new BadChunkException("has an impossible block");
      }
    }
    bits.takeBytes(to, out, size);
    if (size % 2 != 0 && out + size < length) {
      bits.takeByte();
    }
  }

  private void readCodes() throws BadChunkException {
    readLengths(mainLengths, 0, LITERALS);
    readLengths(mainLengths, LITERALS, MAIN);
    main.set(mainLengths, 0);
    readLengths(lengthLengths, 0, LENGTHS);
    lengths.set(lengthLengths, 0);
  }

  /** Reads the lengths of words, as differences from those of the block before. */
  private void readLengths(byte[] known, int from, int to) throws BadChunkException {
    byte[] each = new byte[20];
    for (int i = 0; i < each.length; i++) {
      each[i] = (byte) bits.take(4);
    }
    pre.set(each, 0);
    for (int at = from; at < to; ) {
      int symbol = pre.take(bits);
      int run = 1;
      int value = 0;
      switch (symbol) {
        case 17 -> run = 4 + bits.take(4);
        case 18 -> run = 20 + bits.take(5);
        case 19 -> {
          run = 4 + bits.take(1);
          value = difference(known[at], pre.take(bits));
        }
        default -> value = difference(known[at], symbol);
      }
      if (run > to - at) {
        throw new BadChunkException("has an impossible code");
      }
      for (int i = 0; i < run; i++) {
        known[at++] = (byte) value;
      }
    }
  }

  private static int difference(int before, int symbol) throws BadChunkException {
    if (symbol > 16) {
      throw new BadChunkException("has an impossible code");
    }
    return before - symbol < 0 ? before - symbol + 17 : before - symbol;
  }

  private void block(int start, int end, boolean isAligned) throws BadChunkException {
    for (int out = start; out < end; ) {
      int symbol = main.take(bits);
      if (symbol < LITERALS) {
        to[out++] = (byte) symbol;
        continue;
      }
      int size = symbol % HEADERS;
      if (size == HEADERS - 1) {
        size += lengths.take(bits);
      }
      int distance = distance((symbol - LITERALS) / HEADERS, isAligned);
      out = Copy.within(to, out, distance, size + SHORTEST, end);
    }
  }

  private int distance(int slot, boolean isAligned) throws BadChunkException {
    if (slot < RECENT) {
      int distance = recent[slot];
      recent[slot] = recent[0];
      recent[0] = distance;
      return distance;
    }
    int extra = SLOT_BITS[slot];
    int distance = SLOT_BASE[slot] - 2;
    if (isAligned && slot >= FIRST_ALIGNED_SLOT) {
      distance += bits.take(extra - 3) << 3;
      distance += aligned.take(bits);
    } else {
      distance += bits.take(extra);
    }
    recent[2] = recent[1];
    recent[1] = recent[0];
    recent[0] = distance;
    return distance;
  }

  /** Makes the addresses of calls relative again. */
  private static void relative(byte[] code, int length) {
    for (int at = 0; at < length - CALLS_END; at++) {
      if ((code[at] & 0xff) == CALL) {
        int address = 0;
        for (int i = 4; i > 0; i--) {
          address = address << 8 | code[at + i] & 0xff;
        }
        if (address >= 0 && address < FILE_SIZE) {
          put(code, at + 1, address - at);
        } else if (address < 0 && address >= -at) {
          put(code, at + 1, address + FILE_SIZE);
        }
        at += 4;
      }
    }
  }

  private static void put(byte[] code, int at, int value) {
    for (int i = 0; i < 4; i++) {
      code[at + i] = (byte) (value >> 8 * i);
    }
  }
}
