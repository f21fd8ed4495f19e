package blksh.io;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What the administrator wants mounted, mounted or not: fstab(5).
 *
 * @param mountPoints absolute, in their order
 */
public record FileSystemTable(List<Path> mountPoints) {

  private static final Path FILE = Path.of("/etc/fstab");

  /** The field of a line that says where, counted from 0. */
  private static final int POINT = 1;

  private static final Pattern BLANKS = Pattern.compile("[ \t]+");

  public FileSystemTable {
    mountPoints = List.copyOf(mountPoints);
  }

  /**
   * Reads it anew; empty where the system has none.
   *
   * @throws IOException when it cannot be read
   */
  public static FileSystemTable read() throws IOException {
    try {
      return parse(Files.readAllBytes(FILE));
    } catch (NoSuchFileException e) {
      return new FileSystemTable(List.of());
    }
  }

  /**
   * @param table lines of fields between blanks or tabs; comments begin with {@code #}
   */
  static FileSystemTable parse(byte[] table) {
    List<Path> points = new ArrayList<>();
    // One character a byte, so that names that are no UTF-8 stay as they are.
    for (String line : new String(table, StandardCharsets.ISO_8859_1).split("\n")) {
      String fields = BLANKS.matcher(line.strip()).replaceAll(" ");
      for (ProcTable.Row row : ProcTable.rows(fields.getBytes(StandardCharsets.ISO_8859_1))) {
        if (!fields.startsWith("#") && row.size() > POINT && row.path(POINT) != null) {
          points.add(row.path(POINT));
        }
      }
    }
    return new FileSystemTable(points);
  }

  /**
   * The first mount point that is a path or above it and on which nothing is mounted; null when
   * there is none.
   *
   * @param path absolute, without links
   */
  public Path unmountedAbove(Path path, MountTable mounted) {
    for (Path point : mountPoints) {
      if (path.startsWith(point) && mounted.at(point.normalize()).isEmpty()) {
        return point;
      }
    }
    return null;
  }
}
