package blksh.snapshot;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a machine calls itself (uname(2)), without what no name in a store may hold. */
final class NodeName {

  private static final Path KERNEL = Path.of("/proc/sys/kernel/hostname");

  private NodeName() {}

  /** Empty when it is not known. */
  static String ofThisMachine() {
    try {
      String name = Files.readString(KERNEL, StandardCharsets.UTF_8).strip();
      return name.replaceAll("[^A-Za-z0-9._-]", "_").replaceFirst("^[.-]+", "");
    } catch (IOException e) {
      return "";
    }
  }
}
