package blksh.filesystem;

/**
 * The layout of ISO 9660 (ECMA-119), Joliet and Rock Ridge (RRIP 1.12): what a reader looks at and
 * a writer puts down. Offsets are in bytes, from 0, within the structure they belong to.
 */
public final class Iso9660 {

  /** Bytes of a sector. */
  public static final int SECTOR = 2048;

  /** The sector of the first volume descriptor; those before it belong to the system. */
  public static final int FIRST_DESCRIPTOR = 16;

  /** What every volume descriptor has at {@link #STANDARD}. */
  public static final String IDENTIFIER = "CD001";

  // Types of volume descriptors, in their first byte.
  public static final int BOOT_RECORD = 0;
  public static final int PRIMARY = 1;
  public static final int SUPPLEMENTARY = 2;
  public static final int TERMINATOR = 255;

  // Fields of a volume descriptor.
  public static final int STANDARD = 1;
  public static final int SYSTEM = 8;
  public static final int VOLUME = 40;
  public static final int VOLUME_SECTORS = 80;
  public static final int ESCAPES = 88;
  public static final int BLOCK_SIZE = 128;
  public static final int ROOT = 156;
  public static final int PUBLISHER = 318;
  public static final int APPLICATION = 574;
  public static final int CREATED = 813;

  /**
   * How the {@link #ESCAPES} of Joliet begin; the level follows: {@code @}, {@code C}, {@code E}.
   */
  public static final String JOLIET = "%/";

  // Fields of a directory record; its name follows, and what Rock Ridge says after that.
  public static final int EXTENDED_LENGTH = 1;
  public static final int EXTENT = 2;
  public static final int LENGTH = 10;
  public static final int TIME = 18;
  public static final int FLAGS = 25;
  public static final int UNIT_SIZE = 26;
  public static final int GAP = 27;
  public static final int NAME_LENGTH = 32;
  public static final int NAME = 33;

  /** The record is of something that belongs to the file of the same name. */
  public static final int ASSOCIATED = 0x04;

  /** The record is a directory's. */
  public static final int DIRECTORY = 0x02;

  /** The file goes on with the next record. */
  public static final int MORE = 0x80;

  // Signatures of the fields of Rock Ridge and of SUSP below it, as 16-bit big-endian numbers.
  public static final int SHARING = 'S' << 8 | 'P';
  public static final int CONTINUATION = 'C' << 8 | 'E';
  public static final int FIELDS_END = 'S' << 8 | 'T';
  public static final int ATTRIBUTES = 'P' << 8 | 'X';
  public static final int TIMES = 'T' << 8 | 'F';
  public static final int ALTERNATE_NAME = 'N' << 8 | 'M';
  public static final int SYMBOLIC_LINK = 'S' << 8 | 'L';
  public static final int CHILD_LINK = 'C' << 8 | 'L';
  public static final int SPARSE = 'S' << 8 | 'F';
  public static final int COMPRESSED = 'Z' << 8 | 'F';
  public static final int COMPRESSED2 = 'Z' << 8 | '2';
  public static final int RELOCATED = 'R' << 8 | 'E';

  private Iso9660() {}
}
