package blksh.catalogue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/** A line of sha256sums.txt, as sha256sum of coreutils writes and checks it. */
final class SumLine {

  private static final byte[] CHANGED =
      "# not as it was catalogued: ".getBytes(StandardCharsets.US_ASCII);

  private SumLine() {}

  /**
   * @param path on the disc, from its root on
   */
  static byte[] of(byte[] sha256, byte[] path) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(path.length + 80);
    boolean escapes = false;
    for (byte each : path) {
      escapes |= each == '\\' || each == '\n' || each == '\r';
    }
    if (escapes) {
      out.write('\\');
    }
    out.writeBytes(HexFormat.of().formatHex(sha256).getBytes(StandardCharsets.US_ASCII));
    out.write(' ');
    out.write(' ');
    for (byte each : path) {
      switch (each) {
        case '\\' -> out.writeBytes(new byte[] {'\\', '\\'});
        case '\n' -> out.writeBytes(new byte[] {'\\', 'n'});
        case '\r' -> out.writeBytes(new byte[] {'\\', 'r'});
        default -> out.write(each);
      }
    }
    out.write('\n');
    return out.toByteArray();
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
