package blksh.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * What is made for its owner alone, whatever the umask: it may hold what was on a disk that only
 * root could read.
 */
public final class OwnerOnly {

  private static final FileAttribute<?> FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private static final FileAttribute<?> DIRECTORY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

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
}
