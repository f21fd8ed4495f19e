package blksh.io;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * Names of files as text, and back: what is UTF-8 and shows stands for itself, every other byte is
 * {@code \xHH}, a backslash is doubled. No two names have one text.
 */
public final class NameText {

  private NameText() {}

  /** A name, or a path, for people, who can type it back. */
  public static String of(byte[] name) {
    StringBuilder text = new StringBuilder(name.length);
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer from = ByteBuffer.wrap(name);
    CharBuffer to = CharBuffer.allocate(2);
    while (from.hasRemaining()) {
      int start = from.position();
      int length = Math.min(sequence(name[start]), from.remaining());
      decoder.reset();
      to.clear();
      CoderResult result = decoder.decode(ByteBuffer.wrap(name, start, length), to, true);
      int point = result.isError() || to.position() == 0 ? -1 : Character.codePointAt(to.flip(), 0);
      if (point < 0 || !shows(point)) {
        length = point < 0 ? 1 : length;
        for (int i = start; i < start + length; i++) {
          text.append("\\x%02x".formatted(name[i] & 0xff));
        }
      } else {
        text.append(point == '\\' ? "\\\\" : Character.toString(point));
      }
      from.position(start + length);
    }
    return text.toString();
  }

  private static int sequence(byte first) {
    int lead = first & 0xff;
    return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  }

  private static boolean shows(int point) {
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }

  /** The name of a text; what is no escape stands for itself. */
  public static byte[] name(String text) {
    ByteArrayOutputStream name = new ByteArrayOutputStream(text.length());
    int i = 0;
    while (i < text.length()) {
      int point = text.codePointAt(i);
      if (text.startsWith("\\\\", i)) {
        name.write('\\');
        i += 2;
      } else if (isByte(text, i)) {
        name.write(Integer.parseInt(text, i + 2, i + 4, 16));
        i += 4;
      } else {
        name.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
        i += Character.charCount(point);
      }
    }
    return name.toByteArray();
  }

  private static boolean isByte(String text, int at) {
    return text.startsWith("\\x", at)
        && at + 4 <= text.length()
        && Character.digit(text.charAt(at + 2), 16) >= 0
        && Character.digit(text.charAt(at + 3), 16) >= 0;
  }
}
