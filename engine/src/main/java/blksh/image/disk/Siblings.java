package blksh.image.disk;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.io.NameText;
import blksh.io.PathBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The files that a virtual disk names. They are looked for from its directory on, and only in that
 * of the first of a chain and below, unless it was said that they may lie elsewhere: an image that
 * somebody else made could name any file of this machine, and it would be read, served and captured
 * as a disk.
 */
final class Siblings {

  /** What QEMU takes for something else than a path: {@code nbd://…}, {@code json:{…}}. */
  private static final Pattern URL =
      Pattern.compile("[A-Za-z0-9+]+:(//|\\{).*|(nbd|rbd|ssh|fat|iscsi|nvme|host_\\w+|blk\\w+):.*");

  /** What QEMU takes off a name. */
  private static final String FILE = "file:";

  /** Disks of which each is laid on the next, at most. */
  private static final int MOST = 100;

  private final String action;

  /** The file that names, or null when it was opened from none. */
  private final Path path;

  /** The directory of the first of a chain, or null. */
  private final Path root;

  private final boolean elsewhere;

  /** What leads to the file that names, and itself, as they really lie. */
  private final List<Path> chain;

  private Siblings(String action, Path path, Path root, boolean elsewhere, List<Path> chain) {
    this.action = action;
    this.path = path;
    this.root = root;
    this.elsewhere = elsewhere;
    this.chain = chain;
  }

  static Siblings of(String action, Path path, boolean elsewhere) {
    return path == null
        ? new Siblings(action, null, null, elsewhere, List.of())
        : new Siblings(action, path, directory(path), elsewhere, List.of(really(path)));
  }

  private static Path directory(Path file) {
    return file.toAbsolutePath().normalize().getParent();
  }

  private static Path really(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException e) {
      return path.toAbsolutePath().normalize();
    }
  }

  /**
   * Where a file is that is named.
   *
   * @param role what it is: {@code "its backing file"}
   * @throws MissingDiskException when it is not there, or outside and that was not allowed
   * @throws UnsupportedDiskException when it is no file
   */
  Path find(byte[] name, String role) {
    String shown = NameText.of(name);
    if (path == null) {
      throw new MissingDiskException(
              action, "it names a file, %s %s, and was not opened from one".formatted(role, shown))
          .suggest("keep both in a directory, and open it there");
    }
    if (URL.matcher(shown).matches()) {
      throw new UnsupportedDiskException(action, "%s is no file: %s".formatted(role, shown));
    }
    if (new String(name, StandardCharsets.ISO_8859_1).indexOf(0) >= 0) {
      throw new MissingDiskException(action, "%s has no name: %s".formatted(role, shown));
    }
    byte[] plain = shown.startsWith(FILE) ? Arrays.copyOfRange(name, 5, name.length) : name;
    Path found = directory(path).resolve(PathBytes.linked(plain)).normalize();
    if (!elsewhere && !isInside(found)) {
      throw new MissingDiskException(
              action, "%s is %s, outside its directory, hidden, or a drive".formatted(role, shown))
          .suggest("elsewhere = true (--elsewhere) follows it, if you know who made the image");
    }
    if (!Files.exists(found)) {
      throw new MissingDiskException(
              action, "%s is missing: %s".formatted(role, NameText.of(PathBytes.of(found))))
          .suggest("put it there; nothing of the disk can be told without it");
    }
    return found;
  }

  /**
   * Whether a file may be looked for: below the first directory, not hidden there, no device, and
   * by no link out of it. Where everything is below, or every drive, nothing is.
   */
  private boolean isInside(Path found) {
    Path real = really(root);
    if (real.getParent() == null || real.startsWith("/dev")) {
      return false;
    }
    Path base = found.startsWith(root) ? root : real;
    if (!found.startsWith(base)) {
      return false;
    }
    for (Path each : base.relativize(found)) {
      if (each.toString().startsWith(".")) {
        return false;
      }
    }
    return !Files.exists(found) || Files.isRegularFile(found) && really(found).startsWith(real);
  }

  /** Whether there is such a file where it may be. */
  boolean has(byte[] name) {
    try {
      return name.length > 0 && Files.isRegularFile(find(name, "it"));
    } catch (MissingDiskException | UnsupportedDiskException e) {
      return false;
    }
  }

  /** Opens a file that is named, which holds data of this disk itself. */
  BlockSource open(byte[] name, String role) {
    return BlockSources.open(find(name, role));
  }

  /**
   * The files that the next of a chain names.
   *
   * @throws MissingDiskException when it leads back
   */
  Siblings next(Path next) {
    Path real = really(next);
    if (chain.contains(real)) {
      throw new MissingDiskException(
          action, "it is laid on itself, by way of %s".formatted(NameText.of(PathBytes.of(next))));
    }
    if (chain.size() >= MOST) {
      throw new MissingDiskException(
          action, "more than %d disks are laid on each other".formatted(MOST));
    }
    List<Path> longer = new ArrayList<>(chain);
    longer.add(real);
    return new Siblings(action, next, root, elsewhere, List.copyOf(longer));
  }
}
