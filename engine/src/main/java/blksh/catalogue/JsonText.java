package blksh.catalogue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;

/**
 * Names as JSON strings (RFC 8259), and back. What is no UTF-8 is a lone surrogate, {@code U+DC80}
 * to {@code U+DCFF} for each byte, as Python has it (PEP 383): whoever reads it there gets the
 * name.
 */
final class JsonText {

  private JsonText() {}

  /** The string with its quotes, in UTF-8. */
  static byte[] of(byte[] name) {
    ByteText out = new ByteText();
    add(name, out);
    return out.toByteArray();
  }

  /** Adds the string with its quotes, in UTF-8. */
  static void add(byte[] name, ByteText out) {
    out.add('"');
    addInside(name, out);
    out.add('"');
  }

  /** Adds what is between the quotes. */
  static void addInside(byte[] name, ByteText out) {
    int at = 0;
    while (at < name.length) {
      int plain = at;
      while (plain < name.length && isPlain(name[plain])) {
        plain++;
      }
      out.add(name, at, plain - at);
      at = plain;
      if (at < name.length) {
        at += name[at] < 0 ? beyondAscii(name, at, out) : escaped(name[at], out);
      }
    }
  }

  private static boolean isPlain(byte each) {
    return each >= 0x20 && each != '"' && each != '\\' && each != 0x7f;
  }

  /** Adds a character, or what is none. @return the bytes it has */
  private static int beyondAscii(byte[] name, int at, ByteText out) {
    int first = name[at] & 0xff;
    int length =
        Math.min(first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4, name.length - at);
    CharBuffer two = CharBuffer.allocate(2);
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    boolean bad = decoder.decode(ByteBuffer.wrap(name, at, length), two, true).isError();
    if (bad || two.position() == 0) {
      out.add("\\udc").hex(new byte[] {name[at]});
      return 1;
    }
    out.add(name, at, length);
    return length;
  }

  static byte[] of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds what has to be escaped. @return the bytes it has */
  private static int escaped(byte character, ByteText out) {
    switch (character) {
      case '"', '\\' -> out.add('\\').add(character);
      case '\n' -> out.add("\\n");
      case '\t' -> out.add("\\t");
      case '\r' -> out.add("\\r");
      default -> out.add("\\u00").hex(new byte[] {character});
    }
    return 1;
  }

  /** The bytes of a string that was read through {@link LoneSurrogates}. */
  static byte[] bytes(String read) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(read.length());
    for (int i = 0; i < read.length(); i++) {
      char each = read.charAt(i);
      char next = i + 1 < read.length() ? read.charAt(i + 1) : 0;
      if (each == LoneSurrogates.HIGH && next >= 0xdc80 && next <= 0xdcff) {
        out.write(next & 0xff);
        i++;
      } else if (Character.isHighSurrogate(each) && Character.isLowSurrogate(next)) {
        out.writeBytes(read.substring(i, i + 2).getBytes(StandardCharsets.UTF_8));
        i++;
      } else {
        out.writeBytes(String.valueOf(each).getBytes(StandardCharsets.UTF_8));
      }
    }
    return out.toByteArray();
  }
}
