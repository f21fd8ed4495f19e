package blksh.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the system swaps to.
 *
 * @param paths devices and files
 */
public record SwapTable(List<Path> paths) {

  private static final Path FILE = Path.of("/proc/swaps");

  public SwapTable {
    paths = List.copyOf(paths);
  }

  /**
   * Reads it anew.
   *
   * @throws IOException also where the system has none
   */
  public static SwapTable read() throws IOException {
    return parse(Files.readAllBytes(FILE));
  }

  /** As above; empty where the system has none. */
  public static SwapTable readIfAny() {
    try {
      return read();
    } catch (IOException e) {
      return new SwapTable(List.of());
    }
  }

  /**
   * @param table what the kernel writes, as proc(5) has it: below its heading the path is the first
   *     field of each line
   */
  static SwapTable parse(byte[] table) {
    List<Path> paths = new ArrayList<>();
    for (ProcTable.Row row : ProcTable.rows(table)) {
      Path path = row.path(0);
      if (path != null) {
        paths.add(path);
      }
    }
    return new SwapTable(paths);
  }
}
