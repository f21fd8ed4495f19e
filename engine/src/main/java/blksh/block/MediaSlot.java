package blksh.block;

import blksh.io.BlockDevice;
import blksh.io.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Where media come and go: an optical drive, a card reader, a loop device, or any path that leads
 * to a drive or file at times. Looking never waits for a medium and never reads one.
 *
 * <p>Optical drives are asked as {@code linux/cdrom.h} lays down (CDROM_DRIVE_STATUS,
 * CDROM_MEDIA_CHANGED); of all others sysfs tells the size, and the sequence number the kernel
 * gives each medium (diskseq).
 */
public final class MediaSlot {

  private static final int CDROM_MEDIA_CHANGED = 0x5325;
  private static final int CDROM_DRIVE_STATUS = 0x5326;

  /** The disc that lies in the drive now, of a changer too. */
  private static final int CURRENT = Integer.MAX_VALUE;

  private static final int NO_DISC = 1;
  private static final int TRAY_OPEN = 2;
  private static final int NOT_READY = 3;
  private static final int DISC_OK = 4;

  /** How often each drive has said that its disc changed: it says so only once, to one asker. */
  private static final Map<String, Integer> CHANGES = new ConcurrentHashMap<>();

  private final Path path;

  private MediaSlot(Path path) {
    this.path = path;
  }

  /** The slot a path leads to, now or later: there need not be anything yet. */
  public static MediaSlot at(Path path) {
    return new MediaSlot(path.toAbsolutePath());
  }

  public Path path() {
    return path;
  }

  /**
   * What tells the medium that is in from every other that was or will be, as long as the machine
   * runs; empty when there is none that can be read.
   */
  public Optional<String> medium() {
    try {
      if (!BlockDevice.isAt(path)) {
        BasicFileAttributes file = Files.readAttributes(path, BasicFileAttributes.class);
        return file.isRegularFile() && file.size() > 0
            ? Optional.of("file " + file.fileKey())
            : Optional.empty();
      }
      String number = BlockDevice.numberText(path);
      int status = driveStatus();
      if (status >= NO_DISC && status < DISC_OK) {
        return Optional.empty();
      }
      Path device = Path.of("/sys/dev/block", number);
      if (BlockDevice.fact(device, "size").equals("0") && status != DISC_OK) {
        return Optional.empty();
      }
      // A loop device somebody else detaches stays until nobody has it open: it is as good as gone.
      return Optional.of(
          String.join(
              " ",
              number,
              BlockDevice.fact(device, "diskseq"),
              BlockDevice.fact(device, "loop/backing_file"),
              BlockDevice.fact(device, "loop/autoclear"),
              CHANGES.getOrDefault(path.toString(), 0).toString()));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Why there is no medium, for people; or empty. */
  public String state() {
    if (!Files.exists(path)) {
      return "there is no such drive";
    }
    return switch (driveStatus()) {
      case NO_DISC -> "no disc";
      case TRAY_OPEN -> "the tray is open";
      case NOT_READY -> "the drive is not ready";
      default -> medium().isPresent() ? "" : "no medium";
    };
  }

  /** What an optical drive answers, or less than 0 for anything else. */
  private int driveStatus() {
    Posix posix = Posix.instance().orElse(null);
    int descriptor = posix == null || !isOptical() ? -1 : posix.openWithoutMedium(path);
    if (descriptor < 0) {
      return -1;
    }
    try {
      int status = posix.ioctl(descriptor, CDROM_DRIVE_STATUS, CURRENT);
      if (status == DISC_OK && posix.ioctl(descriptor, CDROM_MEDIA_CHANGED, CURRENT) == 1) {
        CHANGES.merge(path.toString(), 1, Integer::sum);
      }
      return status;
    } finally {
      posix.close(descriptor);
    }
  }

  /** The kernel's major number of SCSI optical drives is 11; others register as cdrom. */
  private boolean isOptical() {
    try {
      if (!BlockDevice.isAt(path)) {
        return false;
      }
      String name = path.toRealPath().getFileName().toString();
      Path all = Path.of("/proc/sys/dev/cdrom/info");
      boolean listed =
          Files.isReadable(all)
              && Files.readAllLines(all).stream()
                  .anyMatch(line -> line.startsWith("drive name:") && words(line).contains(name));
      return listed || BlockDevice.numberText(path).startsWith("11:");
    } catch (IOException e) {
      return false;
    }
  }

  private static List<String> words(String line) {
    return List.of(line.split("\\s+"));
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
