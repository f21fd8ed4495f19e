package blksh.io;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Paths byte for byte, whatever the encoding of file names. Java's paths keep the bytes of names
 * they were listed with; what goes through a String loses those that are no text.
 */
public final class PathBytes {

  private PathBytes() {}

  /** The bytes of a path from the root on; without a slash at the end, but of the root itself. */
  public static byte[] of(Path path) {
    // A URI is the one way to them.
    String uri = path.toAbsolutePath().normalize().toUri().getRawPath();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(uri.length());
    for (int i = 0; i < uri.length(); i++) {
      char each = uri.charAt(i);
      if (each == '%') {
        bytes.write(Integer.parseInt(uri, i + 1, i + 3, 16));
        i += 2;
      } else {
        bytes.writeBytes(String.valueOf(each).getBytes(StandardCharsets.UTF_8));
      }
    }
    byte[] all = bytes.toByteArray();
    return all.length > 1 && all[all.length - 1] == '/' ? Arrays.copyOf(all, all.length - 1) : all;
  }

  /** The path of some bytes, which begin with a slash. */
  public static Path path(byte[] bytes) {
    StringBuilder uri = new StringBuilder("file://");
    byte before = 0;
    for (byte each : bytes) {
      boolean plain = each >= 'a' && each <= 'z' || each >= '0' && each <= '9' || each == '/';
      if (!plain) {
        uri.append('%').append(Character.forDigit(each >> 4 & 15, 16));
        uri.append(Character.forDigit(each & 15, 16));
      } else if (each != '/' || before != '/') {
        uri.append((char) each);
      }
      before = each;
    }
    return Path.of(URI.create(uri.toString()));
  }

  /** The path of some bytes, as a link has them: relative when they begin with no slash. */
  public static Path linked(byte[] bytes) {
    if (bytes.length == 0) {
      return Path.of("");
    }
    if (bytes[0] == '/') {
      return path(bytes);
    }
    byte[] whole = new byte[bytes.length + 1];
    whole[0] = '/';
    System.arraycopy(bytes, 0, whole, 1, bytes.length);
    Path absolute = path(whole);
    return absolute.subpath(0, absolute.getNameCount());
  }
}
