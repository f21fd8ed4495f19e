package blksh.iso;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * A name as text: bytes that are no UTF-8 become {@code %HH}.
 *
 * @param bytes the name itself
 * @param text one or more UTF-16 units
 * @param isText whether the text is the name, with nothing replaced
 */
record DiscName(byte[] bytes, String text, boolean isText) {

  static DiscName of(byte[] name) {
    if (isAscii(name)) {
      return new DiscName(name, new String(name, StandardCharsets.US_ASCII), true);
    }
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer from = ByteBuffer.wrap(name);
    CharBuffer to = CharBuffer.allocate(3 * name.length);
    boolean isText = true;
    while (true) {
      CoderResult result = decoder.decode(from, to, true);
      if (!result.isError()) {
        return new DiscName(name, to.flip().toString(), isText);
      }
      isText = false;
      for (int i = 0; i < result.length(); i++) {
        to.put("%%%02X".formatted(from.get() & 0xff));
      }
      decoder.reset();
    }
  }

  boolean isExactly(String name) {
    return isText && text.equals(name);
  }

  /** Whether a name is of printing ASCII characters alone. */
  static boolean isAscii(byte[] name) {
    for (byte each : name) {
      if (each < 0x20 || each == 0x7f) {
        return false;
      }
    }
    return true;
  }
}
