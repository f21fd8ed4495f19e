package blksh.drive;

/**
 * An entry of a partition table.
 *
 * @param number as the kernel counts: {@code 1} for {@code sda1}; logical partitions from 5 on
 * @param start first byte on the disk
 * @param length bytes, more than 0
 * @param type the type: a GUID in upper case, or two hexadecimal digits
 * @param name its name in a GPT, or empty
 */
public record Partition(int number, long start, long length, String type, String name) {

  /** The first byte after it. */
  public long end() {
    return start + length;
  }
}
