package blksh.store.diskdump;

import blksh.io.FileType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * Where what is in a diskdump store: in a directory, below {@code .blockstore}, the block of a
 * digest as {@code ab/cd/DIGEST.lz4} and the dumps of a name as {@code manifests/NAME/N.manifest}.
 *
 * @param base the directory, which people name
 */
record DiskdumpPlace(Path base) {

  static final String STORE = ".blockstore";
  static final String MANIFESTS = "manifests";
  static final String MANIFEST_ENDING = ".manifest";
  static final String BLOCK_ENDING = ".lz4";

  /** Bytes of a digest. */
  static final int DIGEST = 32;

  private static final int HEX = 2 * DIGEST;

  /** The place of a directory, also of one that is the {@code .blockstore} itself. */
  static DiskdumpPlace of(Path directory) {
    Path whole = directory.toAbsolutePath().normalize();
    boolean inner = STORE.equals(String.valueOf(whole.getFileName())) && whole.getParent() != null;
    return new DiskdumpPlace(inner ? whole.getParent() : whole);
  }

  boolean isThere() {
    return Files.isDirectory(store());
  }

  Path store() {
    return base.resolve(STORE);
  }

  Path manifests() {
    return store().resolve(MANIFESTS);
  }

  Path table() {
    return store().resolve("blocks.db");
  }

  Path config() {
    return store().resolve("config.json");
  }

  /** Held by whoever of blksh writes here; diskdump knows no lock. */
  Path lock() {
    return store().resolve("lock");
  }

  /** The file of a block. */
  Path block(String hex) {
    return store().resolve(hex.substring(0, 2)).resolve(hex.substring(2, 4)).resolve(fileOf(hex));
  }

  private static String fileOf(String hex) {
    return hex + BLOCK_ENDING;
  }

  static String hex(byte[] digests, int at) {
    return HexFormat.of().formatHex(digests, at, at + DIGEST);
  }

  /** Whether these are the digits of a digest, as diskdump writes them. */
  static boolean isHex(String text) {
    return text.length() == HEX
        && text.chars().allMatch(c -> c >= '0' && c <= '9' || c >= 'a' && c <= 'f');
  }

  /**
   * The digest in the name of a block's file; null when it is none, or in the wrong directory.
   *
   * @param file in {@code ab/cd} below the store
   */
  static String digestOf(Path file) {
    String name = file.getFileName().toString();
    if (!name.endsWith(BLOCK_ENDING)) {
      return null;
    }
    String hex = name.substring(0, name.length() - BLOCK_ENDING.length());
    Path inner = file.getParent();
    boolean fits =
        isHex(hex)
            && inner.getFileName().toString().equals(hex.substring(2, 4))
            && inner.getParent().getFileName().toString().equals(hex.substring(0, 2));
    return fits ? hex : null;
  }

  /** A path below the base, as people write it. */
  String shown(Path path) {
    return path.startsWith(base) ? base.relativize(path).toString() : path.toString();
  }

  /** Whether a path is a directory of its own name, no link to one. */
  static boolean isOwnDirectory(Path path) throws IOException {
    return FileType.of(path, LinkOption.NOFOLLOW_LINKS) == FileType.DIRECTORY;
  }
}
