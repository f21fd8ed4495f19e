package blksh.catalogue;

import blksh.io.DirectoryHandle;
import blksh.io.FileStatus;
import blksh.io.PathBytes;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is of a catalogue itself, and no part of what it knows: its database, images of its discs.
 */
final class OwnFiles {

  private OwnFiles() {}

  /** Those of them that are below a directory. To be used within a call of the file. */
  static List<FileStatus> below(Path root, CatalogueFile file) throws SQLException {
    List<Path> paths = new ArrayList<>();
    for (String end : List.of("", "-wal", "-shm", ".lock")) {
      paths.add(file.path().resolveSibling(file.path().getFileName() + end));
    }
    paths.addAll(images(root, file));
    List<FileStatus> all = new ArrayList<>();
    for (Path each : paths) {
      try {
        Path real = each.toRealPath();
        if (real.startsWith(root)) {
          try (DirectoryHandle in = DirectoryHandle.open(real.getParent())) {
            byte[] path = PathBytes.of(real);
            int slash = path.length;
            while (path[slash - 1] != '/') {
              slash--;
            }
            all.add(in.status(Arrays.copyOfRange(path, slash, path.length)));
          }
        }
      } catch (IOException e) {
        // what is not there is in no tree
      }
    }
    return all;
  }

  /** Images of discs, which may have lost their places to other files. */
  private static List<Path> images(Path root, CatalogueFile file) throws SQLException {
    Map<Long, Path> named = new LinkedHashMap<>();
    try (ResultSet rows =
        file.prepared("SELECT id, image FROM disc WHERE image IS NOT NULL").executeQuery()) {
      while (rows.next()) {
        named.put(rows.getLong(1), Path.of(rows.getString(2)));
      }
    }
    List<Path> images = new ArrayList<>();
    for (Map.Entry<Long, Path> each : named.entrySet()) {
      if (isBelow(root, each.getValue())
          && OpenDiscs.isImageOf(
              each.getValue(), DiscSetTable.planned(file, each.getKey()).disc())) {
        images.add(each.getValue());
      }
    }
    return images;
  }

  private static boolean isBelow(Path root, Path path) {
    try {
      return path.toRealPath().startsWith(root);
    } catch (IOException e) {
      return false; // what is not there is in no tree
    }
  }
}
