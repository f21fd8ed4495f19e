package blksh.store;

import blksh.BlkshException;
import blksh.io.FileSystemTable;
import blksh.io.MountTable;
import blksh.store.shelf.DirectoryShelf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * Where a store may be made. One that is missing is more often on a drive that is not mounted than
 * new: what would be captured into another one in its place would be on the wrong drive, and out of
 * sight as soon as the right one is mounted.
 */
final class StoreSite {

  private static final String MAKE = "make a new store there with: blksh run create --store ";

  private final Path directory;
  private final FileSystemTable wanted;
  private final MountTable mounted;

  StoreSite(Path directory, FileSystemTable wanted, MountTable mounted) {
    this.directory = directory;
    this.wanted = wanted;
    this.mounted = mounted;
  }

  static StoreSite of(Path directory) throws IOException {
    return new StoreSite(directory, FileSystemTable.read(), MountTable.readIfAny());
  }

  /**
   * That a store may be made there by who asked for one.
   *
   * @throws BlkshException when it lies on a file system that is not mounted
   */
  void mustBeMounted() throws IOException {
    Path unmounted = wanted.unmountedAbove(withoutLinks(directory), mounted);
    if (unmounted != null) {
      throw new BlkshException(
              "make store " + directory,
              unmounted + " is a mount point of /etc/fstab, and nothing is mounted there")
          .suggest("mount it first");
    }
  }

  /**
   * That a store may be made there by who did not ask for one: the directory does not exist yet, or
   * is the root of a file system in which nothing was ever put, or holds what was left of a making
   * that was cut off.
   *
   * @throws BlkshException when a store that was there may only be out of sight
   */
  void mustBeNew() throws IOException {
    mustBeMounted();
    if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS) && !DirectoryShelf.isFresh(directory)) {
      String found =
          !Files.isDirectory(directory)
              ? "it is no directory"
              : DirectoryShelf.isVacant(directory)
                  ? "the directory is there and empty: is its drive mounted?"
                  : "there is no store in it";
      throw new BlkshException("open store " + directory, found)
          .suggest("mount what it is on, or " + MAKE + directory);
    }
  }

  /** A path as the mount table has it, also where its end does not exist yet. */
  private static Path withoutLinks(Path path) throws IOException {
    Path absolute = path.toAbsolutePath().normalize();
    Path there = absolute;
    while (!Files.exists(there)) {
      there = there.getParent();
    }
    return there.toRealPath().resolve(there.relativize(absolute));
  }
}
