package blksh.io;

import blksh.BlkshException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where devices are: {@code /dev}, and every other place its file system, or one of its kind, is
 * mounted at. A file made there would be a mistyped drive, and in memory. What is mounted below it,
 * as {@code /dev/shm}, is a place like any other.
 */
public final class DeviceDirectory {

  private static final Path DEVICES = Path.of("/dev");
  private static final String TYPE = "devtmpfs";

  /** What the kernel counts file systems without a device under. */
  private static final String NO_DEVICE = "0:";

  private static final String WHY = "nothing is made in /dev, which is no disk";

  private DeviceDirectory() {}

  /**
   * Refuses a name that nothing has yet.
   *
   * @throws FileSystemException when it would be made where devices are
   */
  static void requireElsewhere(Path path) throws IOException {
    if (isIn(path)) {
      throw new FileSystemException(path.toString(), null, WHY);
    }
  }

  /**
   * As above, told for people.
   *
   * @param suggestion what to do instead
   */
  public static void requireElsewhere(Path path, String action, String suggestion) {
    try {
      if (isIn(path)) {
        String drive = path.getFileName() + " is no drive here, and ";
        throw new BlkshException(action, (Files.exists(path) ? "" : drive) + WHY)
            .suggest(suggestion);
      }
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  /** Whether a name is, or would be, where devices are. */
  private static boolean isIn(Path path) throws IOException {
    Path directory = path.toAbsolutePath().normalize().getParent();
    while (directory != null && !Files.exists(directory)) {
      directory = directory.getParent();
    }
    if (directory == null || !Files.exists(DEVICES)) {
      return false;
    }
    Path real = directory.toRealPath();
    String fileSystem = deviceOf(real);
    if (fileSystem.equals(deviceOf(DEVICES))) {
      return real.startsWith(DEVICES) || !fileSystem.equals(deviceOf(DEVICES.getRoot()));
    }
    return fileSystem.startsWith(NO_DEVICE)
        && MountTable.readIfAny().entries().stream()
            .anyMatch(mount -> mount.device().equals(fileSystem) && mount.type().equals(TYPE));
  }

  private static String deviceOf(Path path) throws IOException {
    return BlockDevice.numberText((Long) Files.getAttribute(path, "unix:dev"));
  }
}
