package blksh.lz;

/**
 * XPRESS with Huffman's code (Microsoft, MS-XCA, "LZ77+Huffman Algorithm Details"), of chunks of up
 * to 64 KiB, whose code comes once, at the beginning.
 */
public final class XpressHuffman {

  private static final int SYMBOLS = 512;
  private static final int LITERALS = 256;

  /** Bytes of the lengths of the words, two in each. */
  private static final int TABLE = SYMBOLS / 2;

  private static final int LONGEST = 15;
  private static final int SHORTEST = 3;
  private static final int ONE_MORE_BYTE = 15;

  private XpressHuffman() {}

  /**
   * Decodes a chunk.
   *
   * @param from what is compressed, and nothing after it
   * @param to filled from its beginning to {@code length}
   * @throws BadChunkException when it is none, or decodes to less
   */
  public static void decode(byte[] from, byte[] to, int length) throws BadChunkException {
    if (from.length < TABLE) {
      throw new BadChunkException("ends too early");
    }
    byte[] lengths = new byte[SYMBOLS];
    for (int i = 0; i < TABLE; i++) {
      lengths[2 * i] = (byte) (from[i] & 15);
      lengths[2 * i + 1] = (byte) (from[i] >> 4 & 15);
    }
    PrefixCode code = new PrefixCode(SYMBOLS, LONGEST);
    code.set(lengths, 0);
    BitInput bits = new BitInput(from, TABLE, from.length);
    for (int out = 0; out < length; ) {
      int symbol = code.take(bits);
      if (symbol < LITERALS) {
        to[out++] = (byte) symbol;
        continue;
      }
      // bytes of a length lie behind the unit that the distance was in
      bits.ensure(16);
      int size = symbol & 15;
      int distanceBits = symbol >> 4 & 15;
      int distance = 1 << distanceBits | bits.take(distanceBits);
      if (size == ONE_MORE_BYTE) {
        int more = bits.takeByte();
        size = more == 255 ? bits.takeShort() : size + more;
      }
      out = Copy.within(to, out, distance, size + SHORTEST, length);
    }
  }
}
