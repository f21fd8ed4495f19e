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

  private static final String CACHE = ".cache.";
  private static final String END = "~";

  /**
   * What blkcache calls the cache of a source: {@code FILE.cache.FINGERPRINT~} and {@code
   * FILE.cache.FINGERPRINT~.map}.
   */
  static FilePair named(Path file, SourceIdentity identity) {
    return named(file, identity.name());
  }

  /**
   * As above, when media that begin alike have taken the name.
   *
   * @param number 0 for the name of blkcache, 1 for the first after it
   */
  static FilePair named(Path file, SourceIdentity identity, int number) {
    return named(file, number == 0 ? identity.name() : identity.name(number));
  }

  private static FilePair named(Path file, String medium) {
    Path data = file.resolveSibling(file.getFileName() + CACHE + medium + END);
    return new FilePair(data, data.resolveSibling(data.getFileName() + ".map"));
  }

  /** The name of the medium among others that begin alike; of files with other names its own. */
  String medium(SourceIdentity identity) {
    String name = data.getFileName().toString();
    int from = name.lastIndexOf(CACHE) + CACHE.length();
    boolean own =
        from > CACHE.length() && name.endsWith(END) && name.startsWith(identity.name(), from);
    return own ? name.substring(from, name.length() - END.length()) : identity.name();
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
