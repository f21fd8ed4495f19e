package blksh.filesystem;

import blksh.io.Blake2;
import blksh.io.Checksum;
import blksh.io.Sha256;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.Arrays;
import net.jpountz.xxhash.XXHashFactory;

/** What btrfs proves its nodes and data by, in the order of its numbers. */
enum BtrfsChecksum {
  CRC32C(4),
  XXHASH64(8),
  SHA256(32),
  BLAKE2B(32);

  /** Bytes there are for one at the beginning of each node. */
  static final int FIELD = 32;

  private final int length;

  BtrfsChecksum(int length) {
    this.length = length;
  }

  /** Bytes it takes. */
  int length() {
    return length;
  }

  /** That of some bytes, as it is stored. */
  byte[] of(byte[] bytes, int from, int count) {
    ByteBuffer sum = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    switch (this) {
      case CRC32C -> sum.putInt(Checksum.of(bytes, from, count));
      case XXHASH64 ->
          sum.putLong(XXHashFactory.fastestJavaInstance().hash64().hash(bytes, from, count, 0));
      case SHA256 -> sum.put(digest(Sha256.begin(), bytes, from, count));
      default -> sum.put(digest(Blake2.b(length), bytes, from, count));
    }
    return sum.array();
  }

  private static byte[] digest(MessageDigest digest, byte[] bytes, int from, int count) {
    digest.update(bytes, from, count);
    return digest.digest();
  }

  /** Whether a block that begins with its checksum is as it was written. */
  boolean proves(Structure block) {
    byte[] bytes = block.bytes();
    return Arrays.equals(of(bytes, FIELD, bytes.length - FIELD), 0, length, bytes, 0, length);
  }
}
