package blksh.cache;

import blksh.io.IoFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a cache is kept: a file with the bytes, and one with the map.
 *
 * @param data the bytes, in their places
 * @param map which of them count
 */
record FilePair(Path data, Path map) {

  /**
   * What blkcache calls the cache of a source: {@code FILE.cache.FINGERPRINT~} and {@code
   * FILE.cache.FINGERPRINT~.map}.
   */
  static FilePair named(Path file, SourceIdentity identity) {
    Path data = file.resolveSibling(file.getFileName() + ".cache." + identity.name() + "~");
    return new FilePair(data, data.resolveSibling(data.getFileName() + ".map"));
  }

  boolean exist() {
    return Files.exists(data) && Files.exists(map);
  }

  /** Gives both files other names, in such an order that a crash in between harms nothing. */
  FilePair moveTo(FilePair other) {
    try {
      Files.move(data, other.data); // bytes without a map count for nothing
      Files.move(map, other.map);
      return other;
    } catch (IOException e) {
      throw IoFailure.told("rename cache " + data, e);
    }
  }
}
