package blksh.filesystem;

import java.util.HashMap;
import java.util.Map;

/**
 * The descriptors of a UDF volume that say where its files are (ECMA-167, 3/8.4.2).
 *
 * @param logicalVolume the descriptor of the logical volume
 * @param partitions where each partition begins, in bytes, by its number
 */
record UdfSequence(Structure logicalVolume, Map<Integer, Long> partitions) {

  private static final int MOST_DESCRIPTORS = 64;

  /** Where descriptors say which of two that describe the same is the valid one. */
  private static final int NUMBER = 16;

  /**
   * @param start its first block
   * @throws FileSystemDamageException when it does not describe a volume
   */
  static UdfSequence read(Volume volume, long start, int blockSize) {
    Map<Integer, Structure> partitions = new HashMap<>();
    Structure logical = null;
    for (int i = 0; i < MOST_DESCRIPTORS; i++) {
      Structure descriptor = volume.read((start + i) * blockSize, blockSize);
      if (Udf.isTagged(descriptor, Udf.TERMINATOR)) {
        break;
      } else if (Udf.isTagged(descriptor, Udf.PARTITION)) {
        partitions.merge(descriptor.u16(22), descriptor, UdfSequence::later);
      } else if (Udf.isTagged(descriptor, Udf.LOGICAL_VOLUME)) {
        logical = logical == null ? descriptor : later(logical, descriptor);
      }
    }
    if (logical == null || logical.i32(212) != blockSize) {
      throw volume.damage("its volume descriptors are damaged");
    }
    Map<Integer, Long> starts = new HashMap<>();
    partitions.forEach((number, each) -> starts.put(number, each.u32(188) * blockSize));
    return new UdfSequence(logical, starts);
  }

  private static Structure later(Structure one, Structure other) {
    return other.u32(NUMBER) >= one.u32(NUMBER) ? other : one;
  }
}
