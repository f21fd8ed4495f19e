package blksh.iso;

import blksh.filesystem.Udf;
import blksh.io.LittleEndian;

/** File entries of UDF (ECMA-167, 4/14.9), each with the pieces its content lies in. */
final class UdfEntry {

  /** The longest piece, in bytes: whole blocks below 1 GiB (ECMA-167, 4/14.14.1.1). */
  static final int LONGEST_PIECE = 0x3FFFF800;

  /** The root is number 0, the numbers below this one are not given (OSTA UDF 1.02, 3.2.1.1). */
  static final int FIRST_NUMBER = 16;

  private static final int PIECES = 176;
  private static final int PIECE = 8;
  private static final int STRATEGY = 4;
  private static final int MOST_LINKS = 0xffff;
  private static final int FILE = 5;

  private UdfEntry() {}

  /**
   * A file entry in a block.
   *
   * @param block where it lies
   * @param number what it alone has on the volume
   * @param size bytes of the content
   * @param start the block of the partition where that begins
   */
  static byte[] of(
      boolean isDirectory,
      DiscAttributes attributes,
      int links,
      long block,
      long number,
      long size,
      long start) {
    byte[] entry = new byte[DiscPlan.SECTOR];
    LittleEndian.putU16(entry, 20, STRATEGY);
    LittleEndian.putU16(entry, 24, 1);
    entry[27] = (byte) (isDirectory ? Udf.TYPE_DIRECTORY : FILE);
    // set-user-id, set-group-id and sticky: bits 11 to 9 of a mode are bits 6 to 8 here
    int mode = attributes.mode();
    LittleEndian.putU16(entry, 34, mode >> 5 & 0x40 | mode >> 3 & 0x80 | mode >> 1 & 0x100);
    LittleEndian.putI32(entry, 36, attributes.uid());
    LittleEndian.putI32(entry, 40, attributes.gid());
    LittleEndian.putI32(entry, 44, mode >> 6 << 10 & 7 << 10 | mode >> 3 << 5 & 7 << 5 | mode & 7);
    LittleEndian.putU16(entry, 48, Math.min(MOST_LINKS, links));
    LittleEndian.putI64(entry, 56, size);
    LittleEndian.putI64(entry, 64, DiscContent.sectors(size));
    for (int time = 72; time <= 96; time += 12) {
      UdfField.time(entry, time, attributes.seconds(), attributes.nanos());
    }
    LittleEndian.putI32(entry, 108, 1);
    UdfField.implementation(entry, 128);
    LittleEndian.putI64(entry, 160, number);
    int end = PIECES;
    long at = start;
    for (long left = size; left > 0; left -= LONGEST_PIECE) {
      long piece = Math.min(left, LONGEST_PIECE);
      UdfField.extent(entry, end, piece, at);
      at += piece / DiscPlan.SECTOR;
      end += PIECE;
    }
    LittleEndian.putI32(entry, 172, end - PIECES);
    UdfField.tag(entry, 0, Udf.FILE_ENTRY, end - Udf.TAG, block);
    return entry;
  }
}
