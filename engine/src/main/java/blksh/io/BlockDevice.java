package blksh.io;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the kernel knows of a block device, found in sysfs through its device number.
 *
 * @param name the kernel's name: {@code "sda1"}
 * @param sectorSize logical sector size in bytes
 * @param details model, serial number and backing file, where there are any
 * @param directory its directory in sysfs, or null
 */
public record BlockDevice(
    String name, int sectorSize, Map<String, String> details, Path directory) {

  private static final int FILE_TYPE_MASK = 0170000;
  private static final int BLOCK_DEVICE_TYPE = 0060000;
  private static final int SECTOR = 512;

  /** Whether the path leads to a block device. */
  public static boolean isAt(Path path) {
    try {
      int mode = (Integer) Files.getAttribute(path, "unix:mode");
      return (mode & FILE_TYPE_MASK) == BLOCK_DEVICE_TYPE;
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  public static BlockDevice at(Path path) throws IOException {
    Path link = Path.of("/sys/dev/block", numberText(path));
    if (!Files.exists(link)) {
      return new BlockDevice(path.getFileName().toString(), SECTOR, Map.of(), null);
    }
    Path device = link.toRealPath();
    Path disk = Files.exists(device.resolve("partition")) ? device.getParent() : device;
    int sectorSize =
        fact(disk, "queue/logical_block_size").isEmpty()
            ? SECTOR
            : Integer.parseInt(fact(disk, "queue/logical_block_size"));
    Map<String, String> details = new LinkedHashMap<>();
    note(details, "model", fact(disk, "device/model"));
    note(details, "serial", fact(disk, "device/serial"));
    note(details, "backing file", fact(disk, "loop/backing_file"));
    String name = device.getFileName().toString().replace('!', '/');
    return new BlockDevice(name, sectorSize, details, device);
  }

  /** The device number as the kernel writes it: {@code "8:1"}. */
  public static String numberText(Path path) throws IOException {
    return numberText((Long) Files.getAttribute(path, "unix:rdev"));
  }

  /** As above, of a number as stat(2) gives it. */
  static String numberText(long number) {
    return major(number) + ":" + minor(number);
  }

  /** As {@link #numberText}; empty for null, and for what is no device. */
  static String numberTextIfAny(Path path) {
    try {
      return path != null && isAt(path) ? numberText(path) : "";
    } catch (IOException e) {
      return "";
    }
  }

  /**
   * The directories of a disk's partitions in sysfs; none when it is gone.
   *
   * @param sys that of the disk
   */
  public static List<Path> partitions(Path sys) throws IOException {
    List<Path> partitions = new ArrayList<>();
    if (!Files.isDirectory(sys)) {
      return partitions;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(sys)) {
      for (Path entry : entries) {
        if (Files.exists(entry.resolve("partition"))) {
          partitions.add(entry);
        }
      }
    }
    return partitions;
  }

  /** Name, model and serial number, for people. */
  String title() {
    StringBuilder title = new StringBuilder(name);
    details.forEach((key, value) -> title.append(", ").append(key).append(' ').append(value));
    return title.toString();
  }

  private static void note(Map<String, String> details, String name, String value) {
    if (!value.isEmpty()) {
      details.put(name, value);
    }
  }

  /** What a file of sysfs says; empty where there is none. */
  public static String fact(Path directory, String name) {
    try {
      return Files.readString(directory.resolve(name)).strip();
    } catch (IOException e) {
      return "";
    }
  }

  /** As makedev(3) of glibc lays a device number out. */
  private static long major(long number) {
    return ((number >>> 8) & 0xfff) | ((number >>> 32) & 0xfffff000L);
  }

  private static long minor(long number) {
    return (number & 0xff) | ((number >>> 12) & 0xffffff00L);
  }
}
