package blksh.iso;

import blksh.BlkshException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Byte strings of up to 65,535 bytes packed behind each other, each known by a number. */
final class NamePool {

  private static final int CHUNK_BITS = 20;
  private static final int CHUNK = 1 << CHUNK_BITS;
  private static final int MOST_CHUNKS = 1 << 11;

  private final List<byte[]> chunks = new ArrayList<>();
  private int used = CHUNK;

  int add(byte[] name) {
    if (used + 2 + name.length > CHUNK) {
      if (chunks.size() == MOST_CHUNKS) {
        throw new BlkshException("plan a disc", "its names take more than 2 GiB");
      }
      chunks.add(new byte[CHUNK]);
      used = 0;
    }
    byte[] chunk = chunks.get(chunks.size() - 1);
    int at = used;
    chunk[at] = (byte) (name.length >> 8);
    chunk[at + 1] = (byte) name.length;
    System.arraycopy(name, 0, chunk, at + 2, name.length);
    used += 2 + name.length;
    return chunks.size() - 1 << CHUNK_BITS | at;
  }

  private byte[] chunk(int number) {
    return chunks.get(number >>> CHUNK_BITS);
  }

  private static int start(int number) {
    return (number & CHUNK - 1) + 2;
  }

  private static int end(byte[] chunk, int number) {
    int at = number & CHUNK - 1;
    return at + 2 + ((chunk[at] & 0xff) << 8 | chunk[at + 1] & 0xff);
  }

  byte[] get(int number) {
    byte[] chunk = chunk(number);
    return Arrays.copyOfRange(chunk, start(number), end(chunk, number));
  }

  boolean is(int number, byte[] name) {
    byte[] chunk = chunk(number);
    return Arrays.equals(chunk, start(number), end(chunk, number), name, 0, name.length);
  }

  /** By their bytes, without a sign. */
  int compare(int one, int other) {
    byte[] a = chunk(one);
    byte[] b = chunk(other);
    return Arrays.compareUnsigned(a, start(one), end(a, one), b, start(other), end(b, other));
  }
}
