package blksh;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Words of a command line, which are bytes, as text: what is UTF-8 stands for itself, every other
 * byte is half of a surrogate pair, U+DC80 to U+DCFF, which no UTF-8 has. So a path is the one that
 * was meant, whatever the encoding of its name.
 */
public final class WordBytes {

  private static final char FIRST = '\udc80';
  private static final char LAST = '\udcff';
  private static final int BASE = FIRST - 0x80;

  private WordBytes() {}

  /** The text of some bytes. */
  public static String text(byte[] bytes) {
    StringBuilder text = new StringBuilder(bytes.length);
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer from = ByteBuffer.wrap(bytes);
    while (from.hasRemaining()) {
      CharBuffer to = CharBuffer.allocate(from.remaining());
      decoder.reset().decode(from, to, true);
      text.append(to.flip());
      if (from.hasRemaining()) {
        text.append((char) (BASE + (from.get() & 0xff)));
      }
    }
    return text.toString();
  }

  /** Whether a text stands for bytes that are no UTF-8. */
  public static boolean isRaw(String text) {
    return text.chars().anyMatch(each -> each >= FIRST && each <= LAST);
  }

  /**
   * The path of a text.
   *
   * @throws java.nio.file.InvalidPathException when it cannot be one
   */
  public static Path path(String text) {
    if (!isRaw(text)) {
      return Path.of(text);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); ) {
      int point = text.codePointAt(i);
      if (point >= FIRST && point <= LAST) {
        bytes.write(point - BASE);
      } else {
        bytes.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
      }
      i += Character.charCount(point);
    }
    // a URI is the one way from bytes to a path
    StringBuilder uri = new StringBuilder("file:///");
    for (byte each : bytes.toByteArray()) {
      uri.append(each == '/' ? "/" : "%%%02x".formatted(each & 0xff));
    }
    Path path = Path.of(URI.create(uri.toString().replaceFirst("^file:////+", "file:///")));
    return text.startsWith("/") ? path : path.subpath(0, path.getNameCount());
  }
}
