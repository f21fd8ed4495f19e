package blksh.compress;

import java.util.Arrays;

/** Blocks of LZ4 (LZ4 Block Format), also those that refer to what stands before them. */
final class Lz4Block {

  /** What is no block, or one of more than there is room for. */
  static final int INVALID = -1;

  /** A length that goes on in the bytes after it. */
  private static final int GOES_ON = 15;

  private static final int SHORTEST_MATCH = 4;
  private static final int OFFSET_BYTES = 2;

  private final byte[] from;
  private final int end;
  private int at;

  private Lz4Block(byte[] from, int at, int length) {
    this.from = from;
    this.at = at;
    this.end = at + length;
  }

  /**
   * Decodes a block.
   *
   * @param to has from 0 up to {@code begin} what stands before the block
   * @param limit where the block has to end, at most
   * @return bytes put from {@code begin} on, or {@link #INVALID}
   */
  static int decode(byte[] from, int at, int length, byte[] to, int begin, int limit) {
    return new Lz4Block(from, at, length).decode(to, begin, limit);
  }

  private int decode(byte[] to, int begin, int limit) {
    int out = begin;
    while (at < end) {
      int token = from[at++] & 0xff;
      int literals = length(token >> 4);
      if (literals < 0 || literals > end - at || literals > limit - out) {
        return INVALID;
      }
      System.arraycopy(from, at, to, out, literals);
      at += literals;
      out += literals;
      if (at == end) {
        return out - begin;
      }
      if (end - at < OFFSET_BYTES) {
        return INVALID;
      }
      int offset = from[at] & 0xff | (from[at + 1] & 0xff) << 8;
      at += OFFSET_BYTES;
      int match = length(token & GOES_ON);
      if (match < 0 || offset == 0 || offset > out || match > limit - out - SHORTEST_MATCH) {
        return INVALID;
      }
      match += SHORTEST_MATCH;
      copy(to, out, offset, match);
      out += match;
    }
    return INVALID;
  }

  /** A length of which the first four bits are known; negative when it makes no sense. */
  private int length(int first) {
    int length = first;
    if (first == GOES_ON) {
      int more;
      do {
        if (at == end) {
          return INVALID;
        }
        more = from[at++] & 0xff;
        length += more;
      } while (more == 0xff && length >= 0);
    }
    return length;
  }

  /** A match may overlap itself: it repeats then. */
  private static void copy(byte[] to, int out, int offset, int length) {
    if (offset >= length) {
      System.arraycopy(to, out - offset, to, out, length);
    } else if (offset == 1) {
      Arrays.fill(to, out, out + length, to[out - 1]);
    } else {
      for (int i = 0; i < length; i++) {
        to[out + i] = to[out + i - offset];
      }
    }
  }
}
