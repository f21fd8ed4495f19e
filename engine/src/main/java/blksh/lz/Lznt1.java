package blksh.lz;

import java.util.Arrays;

/**
 * LZNT1 (Microsoft, MS-XCA, "LZNT1 Algorithm Details"), by which NTFS compresses: pieces of up to
 * 4096 bytes, each with a header of its length.
 */
public final class Lznt1 {

  /** Bytes a piece decodes to at most. */
  private static final int PIECE = 4096;

  private static final int HEADER = 2;
  private static final int SHORTEST = 3;

  private Lznt1() {}

  /**
   * Decodes a unit of compression.
   *
   * @param from what is compressed; after its end may be anything
   * @param to filled: what comes after the last piece, or after a piece that is shorter than 4096
   *     bytes, is zeros
   * @throws BadChunkException when it is none
   */
  public static void decode(byte[] from, byte[] to) throws BadChunkException {
    int at = 0;
    int out = 0;
    while (out < to.length && at + HEADER <= from.length) {
      int header = (from[at] & 0xff) | (from[at + 1] & 0xff) << 8;
      if (header == 0) {
        break;
      }
      int length = (header & 0xfff) + 1;
      int begin = at + HEADER;
      int end = begin + length;
      if (end > from.length) {
        throw new BadChunkException("ends within a piece");
      }
      int limit = Math.min(to.length, out + PIECE);
      int filled;
      if ((header & 0x8000) == 0) {
        filled = out + Math.min(length, limit - out);
        System.arraycopy(from, begin, to, out, filled - out);
      } else {
        filled = piece(from, begin, end, to, out, limit);
      }
      Arrays.fill(to, filled, limit, (byte) 0);
      out = limit;
      at = end;
    }
    if (at == 0 && to.length > 0) {
      throw new BadChunkException("begins with nothing");
    }
    Arrays.fill(to, out, to.length, (byte) 0);
  }

  /** Decodes a piece; the byte after the last it filled. */
  private static int piece(byte[] from, int begin, int end, byte[] to, int start, int limit)
      throws BadChunkException {
    int at = begin;
    int out = start;
    while (at < end) {
      int flags = from[at++] & 0xff;
      for (int i = 0; i < 8 && at < end; i++, flags >>= 1) {
        if ((flags & 1) == 0) {
          if (out == limit) {
            throw new BadChunkException("decodes to too much");
          }
          to[out++] = from[at++];
          continue;
        }
        if (at + 2 > end || out == start) {
          throw new BadChunkException("refers to what is not there");
        }
        int token = (from[at] & 0xff) | (from[at + 1] & 0xff) << 8;
        at += 2;
        // the further on in the piece, the more bits are the distance
        int shift = 12;
        for (int reach = out - start - 1; reach >= 0x10; reach >>= 1) {
          shift--;
        }
        int distance = (token >> shift) + 1;
        int length = (token & ((1 << shift) - 1)) + SHORTEST;
        if (distance > out - start || length > limit - out) {
          throw new BadChunkException("refers to what is not there");
        }
        for (int k = 0; k < length; k++, out++) {
          to[out] = to[out - distance];
        }
      }
    }
    return out;
  }
}
