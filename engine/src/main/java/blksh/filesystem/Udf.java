package blksh.filesystem;

/**
 * The layout of UDF (ECMA-167 and OSTA UDF 1.02 to 2.60): what a reader looks at and a writer puts
 * down. Offsets are in bytes, from 0, within the descriptor they belong to; numbers little-endian.
 */
public final class Udf {

  // Identifiers of the volume recognition sequence, where ISO 9660 has its own.
  public static final String EXTENDED_AREA_BEGINS = "BEA01";
  public static final String EXTENDED_AREA_ENDS = "TEA01";

  /** How {@code NSR02} and {@code NSR03} begin. */
  public static final String NSR = "NSR0";

  /** The block of the first anchor; another is the volume's last block or 256 before it. */
  public static final int ANCHOR_BLOCK = 256;

  // Descriptors by the number in their tags.
  public static final int ANCHOR = 2;
  public static final int PARTITION = 5;
  public static final int LOGICAL_VOLUME = 6;
  public static final int TERMINATOR = 8;
  public static final int FILE_SET = 256;
  public static final int FILE_IDENTIFIER = 257;
  public static final int ALLOCATION_EXTENT = 258;
  public static final int FILE_ENTRY = 261;
  public static final int EXTENDED_FILE_ENTRY = 266;

  // The tag every descriptor begins with.
  public static final int TAG = 16;
  public static final int TAG_CHECKSUM = 4;
  public static final int TAG_CRC = 8;
  public static final int TAG_CRC_LENGTH = 10;
  public static final int TAG_BLOCK = 12;

  /** Kinds of files, as a file entry has them. */
  public static final int TYPE_DIRECTORY = 4;

  public static final int TYPE_LINK = 12;

  // Characteristics of a file identifier.
  public static final int DIRECTORY = 2;
  public static final int DELETED = 4;
  public static final int PARENT = 8;

  /** Bytes of a file identifier before its name. */
  public static final int FILE_IDENTIFIER_HEADER = 38;

  private static final int[] CRC = remainders();

  private Udf() {}

  /** Whether a descriptor is of a kind and undamaged. */
  static boolean isTagged(Structure descriptor, int kind) {
    int length = descriptor.u16(TAG_CRC_LENGTH);
    return descriptor.u16(0) == kind
        && tagChecksum(descriptor) == descriptor.u8(TAG_CHECKSUM)
        && length <= descriptor.length() - TAG
        && descriptor.u16(TAG_CRC) == crc(descriptor, length);
  }

  /** The sum of a tag's other bytes, 0 to 255. */
  public static int tagChecksum(Structure descriptor) {
    return tagChecksum(descriptor, 0);
  }

  private static int tagChecksum(Structure bytes, int at) {
    int sum = 0;
    for (int i = 0; i < TAG; i++) {
      sum += i == TAG_CHECKSUM ? 0 : bytes.u8(at + i);
    }
    return sum & 0xff;
  }

  /** Whether the tag at an offset has the sum it should. */
  static boolean hasTagChecksum(Structure bytes, int at) {
    return tagChecksum(bytes, at) == bytes.u8(at + TAG_CHECKSUM);
  }

  /**
   * CRC-16 with polynomial 0x1021 over the bytes after the tag.
   *
   * @param length bytes of them, within the descriptor
   */
  public static int crc(Structure descriptor, int length) {
    return crc(descriptor.bytes(), TAG, length);
  }

  /** The same over any bytes. */
  public static int crc(byte[] bytes, int from, int length) {
    int crc = 0;
    for (int i = from; i < from + length; i++) {
      crc = (crc << 8 ^ CRC[(crc >> 8 ^ bytes[i]) & 0xff]) & 0xffff;
    }
    return crc;
  }

  /** For each byte the remainder of the polynomial 0x1021. */
  private static int[] remainders() {
    int[] remainders = new int[256];
    for (int each = 0; each < remainders.length; each++) {
      int crc = each << 8;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1;
      }
      remainders[each] = crc & 0xffff;
    }
    return remainders;
  }
}
