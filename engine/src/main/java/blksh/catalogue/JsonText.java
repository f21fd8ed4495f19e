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
    ByteArrayOutputStream out = new ByteArrayOutputStream(name.length + 8);
    out.write('"');
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    CharBuffer two = CharBuffer.allocate(2);
    int at = 0;
    while (at < name.length) {
      int first = name[at] & 0xff;
      if (first < 0x80) {
        ascii(first, out);
        at++;
        continue;
      }
      int length =
          Math.min(first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4, name.length - at);
      decoder.reset();
      two.clear();
      boolean bad = decoder.decode(ByteBuffer.wrap(name, at, length), two, true).isError();
      if (bad || two.position() == 0) {
        out.writeBytes("\\udc%02x".formatted(first).getBytes(StandardCharsets.US_ASCII));
        at++;
      } else {
        out.write(name, at, length);
        at += length;
      }
    }
    out.write('"');
    return out.toByteArray();
  }

  static byte[] of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  private static void ascii(int character, ByteArrayOutputStream out) {
    switch (character) {
      case '"', '\\' -> {
        out.write('\\');
        out.write(character);
      }
      case '\n' -> out.writeBytes(new byte[] {'\\', 'n'});
      case '\t' -> out.writeBytes(new byte[] {'\\', 't'});
      case '\r' -> out.writeBytes(new byte[] {'\\', 'r'});
      default -> {
        if (character < 0x20 || character == 0x7f) {
          out.writeBytes("\\u%04x".formatted(character).getBytes(StandardCharsets.US_ASCII));
        } else {
          out.write(character);
        }
      }
    }
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
