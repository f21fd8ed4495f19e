package blksh.partition;

import blksh.block.BlockSource;
import blksh.block.SliceSource;

/**
 * An entry of a partition table that holds something; an extended partition is only the room for
 * logical ones and is none.
 *
 * @param number as Linux numbers it: 1 to 4 are primary, logical ones begin at 5 in an MBR
 * @param start first byte on the disk
 * @param length bytes
 * @param type what it is for: two hexadecimal digits in an MBR ({@code "83"}), a UUID in a GPT, in
 *     lower case
 * @param label its name in a GPT, or empty
 * @param uuid its UUID in a GPT, or empty
 * @param bootable whether it is marked as bootable
 */
public record Partition(
    int number, long start, long length, String type, String label, String uuid, boolean bootable) {

  /** Its name in a table: {@code "p1"}. */
  public String name() {
    return "p" + number;
  }

  /** The first byte after it. */
  public long end() {
    return start + length;
  }

  /** Its type in words, such as {@code "EFI system"}; empty when the type is not a usual one. */
  public String typeName() {
    return PartitionTypes.name(type);
  }

  /** Whether its type says that it is for what has no files, such as swap space. */
  public boolean isFileless() {
    return PartitionTypes.isFileless(type);
  }

  /**
   * The bytes of the partition; fewer than its length when the disk ends before.
   *
   * @param disk what the table was read from; closed with the partition
   */
  public BlockSource of(BlockSource disk) {
    long from = Math.min(start, disk.size());
    return new SliceSource(disk, from, Math.min(length, disk.size() - from));
  }
}
