package blksh.catalogue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A content on a disc, or a part of it.
 *
 * @param number 1 for the first of the content's parts, of which there are {@code parts}
 * @param start its first byte in the content
 * @param length bytes
 * @param suffix what its names end with; null for a whole content
 * @param sector where it begins on the disc; 0 while that is not known, or it has no bytes
 */
record PartRow(
    long disc,
    long content,
    int number,
    int parts,
    long start,
    long length,
    String suffix,
    long sector) {

  static final int LONGEST_NAME = 255;

  /** The same, on a disc. @param disc the number of its row */
  PartRow on(long disc) {
    return new PartRow(disc, content, number, parts, start, length, suffix, sector);
  }

  /** The name on the disc of a file that has the content. */
  byte[] name(byte[] name) {
    return suffix == null ? name : name(name, suffix);
  }

  static byte[] name(byte[] name, String suffix) {
    byte[] end = suffix.getBytes(StandardCharsets.US_ASCII);
    int length = Math.min(name.length, LONGEST_NAME - end.length);
    byte[] with = Arrays.copyOf(name, length + end.length);
    System.arraycopy(end, 0, with, length, end.length);
    return with;
  }

  /** What names of parts can end with; the first of it that no other file has is taken. */
  static String suffix(int scheme, int number, int parts) {
    int width = Math.max(3, Integer.toString(parts).length());
    String digits = ("%0" + width + "d").formatted(number);
    return switch (scheme) {
      case 0 -> "." + digits;
      case 1 -> ".part" + digits;
      default -> ".part" + scheme + "-" + digits;
    };
  }
}
