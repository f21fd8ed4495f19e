package blksh.store.diskdump;

import blksh.BlkshException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The names dumps have: below each other as directories where they hold slashes. */
final class DumpName {

  private static final int MAX_BYTES = 255;

  private DumpName() {}

  /**
   * Returns the name when dumps may have it.
   *
   * @throws BlkshException when it would not be a directory of its own below the manifests
   */
  static String check(String name) {
    for (String part : name.split("/", -1)) {
      boolean bad =
          part.isEmpty()
              || part.equals(".")
              || part.equals("..")
              || part.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES
              || part.chars().anyMatch(Character::isISOControl);
      if (bad) {
        throw new BlkshException("name a dump \"" + name + "\"", "no directory can be called so")
            .suggest("use letters, digits, '.', '_' and '-', such as server01.sda");
      }
    }
    return name;
  }

  /** The name diskdump gives by itself: {@code HOST.DEVICE}, without {@code /dev/}. */
  static String of(String host, String device) {
    return host + "." + device.replace("/dev/", "").replace('/', '.');
  }

  /**
   * What a store of blksh calls it, whose names hold no slash and no {@code @}: {@code a/b} is
   * {@code a.b}, and {@code root@server01.sda} is {@code root_server01.sda}.
   */
  static String inStore(String name) {
    StringBuilder text = new StringBuilder();
    name.replace('/', '.').codePoints().forEach(c -> text.appendCodePoint(isForeign(c) ? '_' : c));
    if (text.length() > 0 && (text.charAt(0) == '.' || text.charAt(0) == '-')) {
      text.setCharAt(0, '_');
    }
    return text.toString().strip();
  }

  private static boolean isForeign(int c) {
    return c == '@' || c == '\\' || c == 0xFFFD || Character.isISOControl(c);
  }

  /** The directory of its manifests. */
  static Path directory(DiskdumpPlace place, String name) {
    return place.manifests().resolve(name);
  }
}
