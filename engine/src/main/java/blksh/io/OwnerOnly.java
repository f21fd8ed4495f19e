package blksh.io;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * What is made for its owner alone, whatever the umask: it may hold what was on a disk that only
 * root could read.
 */
public final class OwnerOnly {

  private static final FileAttribute<?> FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private static final Set<PosixFilePermission> ALL_FOR_OWNER =
      PosixFilePermissions.fromString("rwx------");

  private static final FileAttribute<?> DIRECTORY =
      PosixFilePermissions.asFileAttribute(ALL_FOR_OWNER);

  private OwnerOnly() {}

  /** The permissions of such a file. */
  static FileAttribute<?>[] file() {
    return new FileAttribute<?>[] {FILE};
  }

  /**
   * Makes a directory and those above that are missing; one that is there stays as it is.
   *
   * @return the directory
   */
  public static Path makeDirectories(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      DeviceDirectory.requireElsewhere(directory);
      Files.createDirectories(directory, DIRECTORY);
    }
    return directory;
  }

  /**
   * As above, of one that is kept from others also when it was there.
   *
   * @throws IOException when it is somebody else's, a link, or no directory
   */
  public static Path makePrivate(Path directory) throws IOException {
    makeDirectories(directory);
    PosixFileAttributes found =
        Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!found.isDirectory()) {
      throw new NotDirectoryException(directory.toString());
    }
    if (!isOwn(directory)) {
      throw new AccessDeniedException(directory.toString(), null, "it is another user's");
    }
    if (!found.permissions().equals(ALL_FOR_OWNER)) {
      Files.setPosixFilePermissions(directory, ALL_FOR_OWNER);
    }
    return directory;
  }

  /** Who has a directory could put another in its place, whatever its permissions are. */
  private static boolean isOwn(Path directory) throws IOException {
    Object owner = Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    return owner.equals(DirectoryHandle.user());
  }
}
