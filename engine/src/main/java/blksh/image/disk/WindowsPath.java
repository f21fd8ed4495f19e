package blksh.image.disk;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What a path of Windows may be called here. */
final class WindowsPath {

  private WindowsPath() {}

  /** Names to look for: the path, where it is a relative one, and the last part of it. */
  static List<byte[]> names(String path) {
    String slashes = path.replace('\\', '/');
    Set<String> names = new LinkedHashSet<>();
    if (!slashes.contains(":") && !slashes.startsWith("//")) {
      names.add(slashes);
    }
    names.add(slashes.substring(slashes.lastIndexOf('/') + 1));
    names.remove("");
    return names.stream().map(each -> each.getBytes(StandardCharsets.UTF_8)).toList();
  }
}
