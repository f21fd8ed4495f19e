package blksh.parity;

import blksh.block.BlockSource;
import blksh.io.LittleEndian;
import blksh.io.Sha256;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * Where what is in an image with parity: docs/discs.md, "Parity", is its specification. The sectors
 * of the image without parity, and the last one of the whole, are the data: in this order, L at a
 * time, they are the columns, and stripe s has sector s of each column; where there are no more it
 * has zeros. Behind the image come the digests of all stripes, the first rows of parity, the
 * digests once more, the other rows, the digests for the third time, and the header, right before
 * the last sector. Rows have L sectors, and stripe s the sector s of each.
 */
public final class ParityLayout {

  static final int SECTOR = ImageParity.SECTOR;

  /** Bytes of the digest of a sector. */
  static final int DIGEST = 8;

  /** Where in a sector of digests its own is: behind those of the stripe. */
  static final int OWN_DIGEST = ImageParity.STRIPE * DIGEST;

  /** Where headers are beside the last: in the system's area of UDF, which nothing else needs. */
  public static final int[] HEADERS = {128, 192};

  /** Bytes at the end of a source in which the end of an image is looked for. */
  private static final long SEARCHED = 16 << 20;

  private static final byte[] MAGIC = "blksh parity 1\n\n".getBytes(StandardCharsets.US_ASCII);
  private static final int LABEL = 16;
  private static final int LABEL_LENGTH = 16;
  private static final int IMAGE = 32;
  private static final int TOTAL = 40;
  private static final int STRIPES = 48;
  private static final int COLUMNS = 56;
  private static final int ROWS = 60;
  private static final int SUM = SECTOR - 32;

  /**
   * Where ISO 9660 has its first descriptor, and in it how many sectors it has (ECMA-119, 8.4.8).
   */
  private static final long VOLUME = 16L * SECTOR;

  private static final int VOLUME_SECTORS = 80;

  /** An image has a multiple of so many sectors. */
  private static final int UNIT = 32;

  private static final long MOST_SECTORS = Integer.MAX_VALUE;

  private final String label;
  private final long image;
  private final ImageParity parity;
  private final long stripes;
  private final long total;

  /**
   * @param label what the image is known by, 16 characters of ASCII
   * @param image its sectors without parity, 256 or more
   * @param parity some
   */
  public ParityLayout(String label, long image, ImageParity parity) {
    if (parity.rows() == 0 || image < 256 || parity.sectors(image) > MOST_SECTORS) {
      throw new IllegalArgumentException(image + " sectors with " + parity);
    }
    this.label = label;
    this.image = image;
    this.parity = parity;
    this.stripes = parity.stripes(image);
    this.total = parity.sectors(image);
  }

  /** What the image is known by. */
  public String label() {
    return label;
  }

  /** Sectors of the image without parity. */
  public long image() {
    return image;
  }

  /** Sectors of all. */
  public long total() {
    return total;
  }

  long stripes() {
    return stripes;
  }

  int columns() {
    return parity.columns();
  }

  int rows() {
    return parity.rows();
  }

  ReedSolomon code() {
    return new ReedSolomon(columns(), rows());
  }

  /** Rows that come before the second digests. */
  private int firstRows() {
    return (rows() + 1) / 2;
  }

  /** Where the stripes of a digest begin. @param copy 0 to 2 */
  long digests(int copy) {
    return switch (copy) {
      case 0 -> image;
      case 1 -> image + (1 + firstRows()) * stripes;
      default -> image + (2L + rows()) * stripes;
    };
  }

  /** Where the stripes of a row of parity begin. */
  long row(int row) {
    return image + (row + (row < firstRows() ? 1L : 2L)) * stripes;
  }

  /** The header in its last place, right before the last sector. */
  long lastHeader() {
    return total - 2;
  }

  /** How many sectors of data there are: the image, and the last sector of all. */
  long dataSectors() {
    return image + 1;
  }

  /** Where a sector of data is in the whole. @param index 0 to {@link #dataSectors} - 1 */
  long place(long index) {
    return index < image ? index : total - 1;
  }

  /** The opposite of {@link #place}; -1 for what is no data. */
  long index(long sector) {
    return sector < image ? sector : sector == total - 1 ? image : -1;
  }

  /** The sector that says all this. */
  public byte[] header() {
    byte[] header = new byte[SECTOR];
    System.arraycopy(MAGIC, 0, header, 0, MAGIC.length);
    System.arraycopy(label.getBytes(StandardCharsets.US_ASCII), 0, header, LABEL, LABEL_LENGTH);
    LittleEndian.putI64(header, IMAGE, image);
    LittleEndian.putI64(header, TOTAL, total);
    LittleEndian.putI64(header, STRIPES, stripes);
    LittleEndian.putI32(header, COLUMNS, columns());
    LittleEndian.putI32(header, ROWS, rows());
    System.arraycopy(sum(header), 0, header, SUM, SECTOR - SUM);
    return header;
  }

  private static byte[] sum(byte[] header) {
    MessageDigest digest = Sha256.begin();
    digest.update(header, 0, SUM);
    return digest.digest();
  }

  /** What a header says; null when it is none, or says what cannot be. */
  private static ParityLayout parsed(byte[] header) {
    if (!Arrays.equals(MAGIC, 0, MAGIC.length, header, 0, MAGIC.length)
        || !Arrays.equals(sum(header), 0, SECTOR - SUM, header, SUM, SECTOR)) {
      return null;
    }
    long image = LittleEndian.i64(header, IMAGE);
    int rows = LittleEndian.i32(header, ROWS);
    if (image < 256 || image > MOST_SECTORS || rows < 1 || rows > ImageParity.MOST_ROWS) {
      return null;
    }
    ImageParity parity = new ImageParity(rows);
    if (parity.sectors(image) > MOST_SECTORS) {
      return null;
    }
    String label = new String(header, LABEL, LABEL_LENGTH, StandardCharsets.US_ASCII);
    ParityLayout layout = new ParityLayout(label, image, parity);
    return Arrays.equals(layout.header(), header) ? layout : null;
  }

  /**
   * Looks for the header of an image: at its two places near the beginning, and before its end,
   * also of a drive that is longer than the image. Where the beginning is lost, all that may be the
   * end is looked at, as far as {@value #SEARCHED} bytes before that of the source: a drive may be
   * longer still, and holds anything, so it is not searched for hours.
   *
   * @return null when there is none
   */
  public static ParityLayout find(BlockSource source) {
    for (int each : HEADERS) {
      ParityLayout found = at(source, each);
      if (found != null) {
        return found;
      }
    }
    byte[] volume = bytes(source, VOLUME, SECTOR);
    long last = source.size() / SECTOR - 2;
    if (volume != null && new String(volume, 1, 5, StandardCharsets.US_ASCII).equals("CD001")) {
      ParityLayout found = at(source, last);
      return found != null
          ? found
          : at(source, (LittleEndian.i32(volume, VOLUME_SECTORS) & 0xffffffffL) - 2);
    }
    // The beginning is lost, with all that tells where the image ends.
    ParityLayout found = at(source, last);
    long least = Math.max(0, last - SEARCHED / SECTOR);
    for (long each = (last + 2) / UNIT * UNIT - 2; found == null && each > least; each -= UNIT) {
      found = at(source, each);
    }
    return found;
  }

  /**
   * Looks for the header of an image at its three places.
   *
   * @param length of the image in bytes, its parity included
   * @return null when there is none
   */
  public static ParityLayout find(BlockSource source, long length) {
    for (int each : HEADERS) {
      ParityLayout found = at(source, each);
      if (found != null) {
        return found;
      }
    }
    return at(source, length / SECTOR - 2);
  }

  private static ParityLayout at(BlockSource source, long sector) {
    byte[] header = sector < 0 ? null : bytes(source, sector * SECTOR, SECTOR);
    return header == null ? null : parsed(header);
  }

  private static byte[] bytes(BlockSource source, long position, int length) {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    try {
      return source.read(position, bytes) == length ? bytes.array() : null;
    } catch (UnreadableException e) {
      return null; // there are others
    }
  }
}
