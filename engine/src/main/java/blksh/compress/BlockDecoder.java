package blksh.compress;

import java.io.IOException;

/** Decodes block by block and hands out what the last one came to. */
abstract class BlockDecoder implements Decoder {

  /**
   * Holds the last block decoded, from {@link #blockAt} to {@link #blockEnd} not handed out yet.
   */
  byte[] block = new byte[0];

  int blockAt;
  int blockEnd;

  /** Why nothing can follow, once that is so. */
  private StreamDamage damage;

  /** Goes on by a header or a block, perhaps an empty one; false at the end of the stream. */
  abstract boolean advance() throws IOException;

  @Override
  public final int decode(byte[] target, int offset, int length) throws IOException {
    if (damage != null) {
      throw damage;
    }
    try {
      while (blockAt == blockEnd) {
        if (!advance()) {
          return -1;
        }
      }
    } catch (StreamDamage e) {
      damage = e;
      throw e;
    }
    int count = Math.min(length, blockEnd - blockAt);
    System.arraycopy(block, blockAt, target, offset, count);
    blockAt += count;
    return count;
  }
}
