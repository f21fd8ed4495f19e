package blksh.image;

import blksh.block.BlockSource;
import blksh.block.SliceSource;

/**
 * A partition of a drive or of an image of one.
 *
 * @param number as Linux numbers it: 1 to 4 are primary, logical ones begin at 5 in an MBR
 * @param start first byte
 * @param length bytes
 * @param type what it is for: a hexadecimal byte in an MBR ({@code "83"}), a UUID in a GPT
 * @param typeName the type in words, or empty
 * @param label its name in a GPT, or empty
 * @param uuid its UUID in a GPT, or empty
 * @param bootable whether it is marked as bootable
 */
public record Partition(
    int number,
    long start,
    long length,
    String type,
    String typeName,
    String label,
    String uuid,
    boolean bootable) {

  /** Its name in a table: {@code "p1"}. */
  public String name() {
    return "p" + number;
  }

  /**
   * The bytes of the partition.
   *
   * @param disk what the table was read from; closed with the partition
   */
  public BlockSource of(BlockSource disk) {
    long from = Math.min(start, disk.size());
    return new SliceSource(disk, from, Math.min(length, disk.size() - from));
  }
}
