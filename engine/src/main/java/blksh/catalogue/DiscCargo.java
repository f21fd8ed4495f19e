package blksh.catalogue;

import blksh.BlkshException;
import blksh.iso.DiscPlan;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What every disc carries beside its files, and how much that takes. What cannot be known to the
 * byte before the plan is made has room to spare, which blanks fill.
 */
final class DiscCargo {

  static final String DATA = "DATA";
  static final String README = "readme.mkd";
  static final String INFO = "disc_info.json";
  static final String CATALOGUE = "catalogue.json";
  static final String CATALOGUE_ZST = "catalogue.json.zst";
  static final String RESTORE = "restore.py";
  static final String SUMS = "sha256sums.txt";
  static final String TREE = "tree.jsonl";

  /** Bytes of readme.mkd and of disc_info.json, whatever they say. */
  static final int README_BYTES = 2 * DiscPlan.SECTOR;

  static final int INFO_BYTES = 2 * DiscPlan.SECTOR;

  /** What catalogue.json may take of a disc in plain. */
  private static final int PLAIN_PART = 50;

  private static final byte[] SCRIPT = script();

  /** What may not take more than half of a disc. */
  private final long catalogue;

  private final boolean plain;

  /** Of a disc's own catalogue, all but its contents. */
  private final long ownFrame;

  /**
   * @param catalogue bytes of catalogue.json, or of what it is compressed to
   * @param ownFrame bytes of one without contents
   */
  DiscCargo(long catalogue, boolean plain, long ownFrame) {
    this.catalogue = catalogue;
    this.plain = plain;
    this.ownFrame = ownFrame;
  }

  static boolean isPlain(long catalogue, long capacity) {
    return catalogue <= capacity / PLAIN_PART;
  }

  void requireRoom(long capacity) {
    if (sectors(catalogue) * DiscPlan.SECTOR > capacity / 2) {
      throw new BlkshException(
              "plan discs of " + capacity + " bytes",
              "the catalogue that each carries takes %d bytes of them".formatted(catalogue))
          .suggest("take larger discs");
    }
  }

  long catalogue() {
    return catalogue;
  }

  boolean plain() {
    return plain;
  }

  long ownFrame() {
    return ownFrame;
  }

  /** Sectors of what does not depend on the files of a disc. */
  long fixedSectors() {
    return sectors(README_BYTES)
        + sectors(INFO_BYTES)
        + sectors(SCRIPT.length)
        + sectors(catalogue);
  }

  static long sectors(long bytes) {
    return (bytes + DiscPlan.SECTOR - 1) / DiscPlan.SECTOR;
  }

  static byte[] restoreScript() {
    return SCRIPT.clone();
  }

  private static byte[] script() {
    try (InputStream in = DiscCargo.class.getResourceAsStream(RESTORE)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException("restore.py is part of this program", e);
    }
  }

  /** Text, and blanks up to a length. */
  static byte[] padded(String text, int length) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > length) {
      throw new IllegalStateException(bytes.length + " bytes, and there is room for " + length);
    }
    byte[] all = Arrays.copyOf(bytes, length);
    Arrays.fill(all, bytes.length, length, (byte) ' ');
    if (bytes.length < length) {
      all[length - 1] = '\n';
    }
    return all;
  }

  static byte[] ascii(String name) {
    return name.getBytes(StandardCharsets.US_ASCII);
  }
}
