package blksh.lz;

import java.util.Arrays;

/**
 * A canonical prefix code: symbols by the lengths of their words, as Huffman's are written down.
 */
final class PrefixCode {

  private static final int LONGEST = 16;

  /** Words of up to so many bits are found at once. */
  private static final int QUICK = 10;

  private final int longest;

  /** By the next bits: the symbol and, in the lowest five bits, the length; 0 of longer words. */
  private final int[] quick = new int[1 << QUICK];

  /** Of each length: how many words, and where their symbols begin. */
  private final int[] counts = new int[LONGEST + 1];

  private final int[] starts = new int[LONGEST + 2];
  private final int[] symbols;

  /**
   * @param symbols how many there are
   * @param longest bits of the longest word
   */
  PrefixCode(int symbols, int longest) {
    this.symbols = new int[symbols];
    this.longest = longest;
  }

  /**
   * Takes up another code.
   *
   * @param lengths of its words in bits, 0 for symbols without
   * @param from where the first is
   * @throws BadChunkException when there cannot be so many words
   */
  void set(byte[] lengths, int from) throws BadChunkException {
    Arrays.fill(counts, 0);
    Arrays.fill(quick, 0);
    for (int i = 0; i < symbols.length; i++) {
      counts[lengths[from + i]]++;
    }
    counts[0] = 0;
    int left = 1;
    for (int length = 1; length <= longest; length++) {
      left = (left << 1) - counts[length];
      if (left < 0) {
        throw new BadChunkException("has an impossible code");
      }
      starts[length + 1] = starts[length] + counts[length];
    }
    int[] next = Arrays.copyOf(starts, starts.length);
    for (int i = 0; i < symbols.length; i++) {
      int length = lengths[from + i];
      if (length > 0) {
        symbols[next[length]++] = i;
      }
    }
    int word = 0;
    for (int length = 1; length <= Math.min(QUICK, longest); length++) {
      word <<= 1;
      for (int i = 0; i < counts[length]; i++, word++) {
        int entry = symbols[starts[length] + i] << 5 | length;
        int first = word << (QUICK - length);
        Arrays.fill(quick, first, first + (1 << (QUICK - length)), entry);
      }
    }
  }

  /** The next symbol. */
  int take(BitInput bits) throws BadChunkException {
    bits.ensure(longest);
    int ahead = bits.peek(longest);
    int found =
        longest >= QUICK ? quick[ahead >>> (longest - QUICK)] : quick[ahead << (QUICK - longest)];
    if (found != 0) {
      bits.skip(found & 31);
      return found >>> 5;
    }
    int first = 0;
    for (int length = 1; length <= longest; length++) {
      first <<= 1;
      int within = (ahead >>> (longest - length)) - first;
      if (within < counts[length]) {
        bits.skip(length);
        return symbols[starts[length] + within];
      }
      first += counts[length];
    }
    throw new BadChunkException("has a word its code does not know");
  }
}
