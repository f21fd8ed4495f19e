package blksh.store.diskdump;

import blksh.io.FileType;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

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

  /** Belongs to the user this process acts for. */
  private static final Path SELF = Path.of("/proc/self");

  private static final String UID = "unix:uid";
  private static final Object ROOT = 0;

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

  /** A table that is made anew, on its way to its place. */
  Path newTable() {
    return store().resolve("blocks.db.new");
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

  /** Whether a block has no file, or an empty one, as a power cut leaves it. */
  boolean isLost(String hex) {
    try {
      return Files.size(block(hex)) == 0;
    } catch (NoSuchFileException e) {
      return true;
    } catch (IOException e) {
      return false; // who reads it is told why it cannot be
    }
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

  /**
   * Makes a directory in another, where it is not there.
   *
   * @return whether it was made
   * @throws IOException when something else has its name: also a link, which may lead anywhere
   */
  static boolean makeDirectory(Path directory) throws IOException {
    boolean made = false;
    if (FileType.of(directory, LinkOption.NOFOLLOW_LINKS) == null) {
      try {
        Files.createDirectory(directory);
        made = true;
      } catch (FileAlreadyExistsException e) {
        // somebody was faster
      }
    }
    requireOwnDirectory(directory);
    return made;
  }

  /** That a path, if there is anything, is a directory of its own name. */
  static void requireOwnDirectory(Path path) throws IOException {
    FileType found = FileType.of(path, LinkOption.NOFOLLOW_LINKS);
    if (found != null && found != FileType.DIRECTORY) {
      throw new IOException("%s is %s, and should be a directory".formatted(path, found.words()));
    }
  }

  /**
   * Before anything is written: that the store and its manifests are directories, or links to some
   * that root or this user has made. Whoever else may write there could have put them.
   */
  void requireTrusted() throws IOException {
    Object self = Files.getAttribute(SELF, UID);
    for (Path path : List.of(store(), manifests())) {
      if (FileType.of(path, LinkOption.NOFOLLOW_LINKS) != FileType.LINK) {
        requireOwnDirectory(path);
        continue;
      }
      Object owner = Files.getAttribute(path, UID, LinkOption.NOFOLLOW_LINKS);
      if (!owner.equals(ROOT) && !owner.equals(self)) {
        throw new IOException(
            "%s is a symbolic link of another user, and may lead anywhere".formatted(path));
      }
      if (!Files.isDirectory(path)) {
        throw new IOException(
            "%s is a link, and there is no directory where it leads".formatted(path));
      }
    }
  }
}
