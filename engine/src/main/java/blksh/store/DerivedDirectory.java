package blksh.store;

import blksh.io.OwnerOnly;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Where on this machine is what is derived from stores that do not keep it beside their blobs: in a
 * directory for each, which no other user may look into. All of it can be made again, but the dates
 * of packs, what verifications found damaged, and the parts that a dead process left.
 *
 * <p>Each is known by the id of its store and by what tells its place from others ({@link
 * blksh.store.shelf.Shelf#address}): a store that was copied is two by then, also where the copy is
 * called alike at another server.
 */
final class DerivedDirectory {

  private final Path parent;

  /**
   * @param parent of all of them
   */
  DerivedDirectory(Path parent) {
    this.parent = parent;
  }

  /**
   * {@code $XDG_CACHE_HOME/blksh/stores}, or else {@code ~/.cache/blksh/stores}. As the XDG Base
   * Directory Specification has it, a relative one counts as none.
   */
  static DerivedDirectory of(Map<String, String> environment) {
    Path chosen = Path.of(environment.getOrDefault("XDG_CACHE_HOME", ""));
    String user = environment.getOrDefault("HOME", "");
    Path home = Path.of(user.isEmpty() ? System.getProperty("user.home") : user);
    Path caches = chosen.isAbsolute() ? chosen : home.resolve(".cache");
    return new DerivedDirectory(caches.resolve("blksh").resolve("stores"));
  }

  /** The directory of a store that was at an address when it was used last, whatever its id. */
  Optional<Path> ofAddress(String address) {
    String ending = "-" + shortened(address);
    try (Stream<Path> all = Files.list(parent)) {
      return all.filter(each -> each.getFileName().toString().endsWith(ending)).findFirst();
    } catch (IOException | UncheckedIOException e) {
      return Optional.empty();
    }
  }

  /**
   * The directory for a store, made if it can be: where it cannot, nothing can be noted.
   *
   * @param address of the shelf
   */
  Path make(UUID store, String address) {
    Path directory = parent.resolve(store + "-" + shortened(address));
    try {
      return OwnerOnly.makePrivate(directory);
    } catch (IOException e) {
      return directory.resolve("not-writable"); // which is not there, so that nothing is noted
    }
  }

  private static String shortened(String address) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(address.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}
