package blksh.catalogue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A line of sha256sums.txt, as sha256sum of coreutils writes and checks it. */
final class SumLine {

  private static final byte[] CHANGED =
      "# not as it was catalogued: ".getBytes(StandardCharsets.US_ASCII);

  private SumLine() {}

  /**
   * @param path on the disc, from its root on
   */
  static byte[] of(byte[] sha256, byte[] path) {
    ByteText out = new ByteText();
    if (escapes(path) == 0) {
      return out.hex(sha256).add("  ").add(path).add('\n').toByteArray();
    }
    out.add('\\').hex(sha256).add("  ");
    for (byte each : path) {
      switch (each) {
        case '\\' -> out.add("\\\\");
        case '\n' -> out.add("\\n");
        case '\r' -> out.add("\\r");
        default -> out.add(each);
      }
    }
    return out.add('\n').toByteArray();
  }

  /** How many bytes the line has. @param digest bytes of the digest */
  static int length(int digest, byte[] path) {
    int escapes = escapes(path);
    return 2 * digest + 2 + path.length + escapes + (escapes > 0 ? 1 : 0) + 1;
  }

  private static int escapes(byte[] path) {
    int count = 0;
    for (byte each : path) {
      count += each == '\\' || each == '\n' || each == '\r' ? 1 : 0;
    }
    return count;
  }

  /** As many bytes that claim nothing: a remark. */
  static byte[] without(byte[] line) {
    byte[] remark = line.clone();
    int digits = Math.min(line.length - 1, 66);
    Arrays.fill(remark, 0, digits, (byte) ' ');
    System.arraycopy(CHANGED, 0, remark, 0, Math.min(CHANGED.length, digits));
    return remark;
  }
}
