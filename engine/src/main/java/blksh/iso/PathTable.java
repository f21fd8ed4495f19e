package blksh.iso;

import blksh.io.LittleEndian;

/** The path tables of ISO 9660 (ECMA-119, 9.4): all directories, each with its parent's number. */
final class PathTable {

  private static final int HEADER = 8;
  private static final int MOST_NUMBERED = 0xffff;

  private PathTable() {}

  /** Bytes of the record of a directory whose identifier has so many. */
  static int record(int identifier) {
    return HEADER + identifier + identifier % 2;
  }

  /**
   * A record with the least significant byte first.
   *
   * @param parent a number from 1 on; the table has no place for more than 65,535
   */
  static byte[] record(byte[] identifier, long sector, int parent) {
    byte[] record = new byte[record(identifier.length)];
    record[0] = (byte) identifier.length;
    LittleEndian.putI32(record, 2, (int) sector);
    LittleEndian.putU16(record, 6, Math.min(MOST_NUMBERED, parent));
    System.arraycopy(identifier, 0, record, HEADER, identifier.length);
    return record;
  }

  /** The same table with the most significant byte first. */
  static byte[] bigEndian(byte[] table) {
    byte[] big = table.clone();
    for (int at = 0; at < big.length; at += record(big[at] & 0xff)) {
      BothEndian.putBig32(big, at + 2, LittleEndian.i32(table, at + 2));
      BothEndian.putBig16(big, at + 6, LittleEndian.u16(table, at + 6));
    }
    return big;
  }
}
