package blksh.io;

import blksh.BlkshException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Stands between a restore and a drive: a drive is written only when it is writable, large enough,
 * and neither it nor a partition of it is mounted, swapped to, or part of another device.
 */
public final class DeviceGuard {

  private DeviceGuard() {}

  /**
   * Returns when the device may be overwritten.
   *
   * @param size bytes that are to be written
   * @param action what is about to be done, for the message
   * @throws BlkshException naming the drive and what stands against it
   */
  public static void check(Path path, long size, String action) {
    if (!BlockDevice.isAt(path)) {
      throw new BlkshException(action, "it is neither a file nor a block device");
    }
    try {
      BlockDevice device = BlockDevice.at(path);
      String named = action + " (" + device.title() + ")";
      try (OpenFile source = OpenFile.open(path)) {
        if (source.size() < size) {
          throw new BlkshException(
              named, "it has %d bytes and the image %d".formatted(source.size(), size));
        }
      }
      Path sys = device.directory();
      if (sys != null && read(sys.resolve("ro")).equals("1")) {
        throw new BlkshException(named, "it is read-only");
      }
      for (Path part : withPartitions(sys)) {
        checkUnused(part, named);
      }
    } catch (IOException e) {
      throw new BlkshException(action, String.valueOf(e.getMessage()), e);
    }
  }

  private static List<Path> withPartitions(Path sys) throws IOException {
    List<Path> all = new ArrayList<>();
    if (sys != null) {
      all.add(sys);
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(sys)) {
        for (Path entry : entries) {
          if (Files.exists(entry.resolve("partition"))) {
            all.add(entry);
          }
        }
      }
    }
    return all;
  }

  private static void checkUnused(Path part, String action) throws IOException {
    String number = read(part.resolve("dev"));
    for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
      String[] fields = line.split(" ");
      int dash = List.of(fields).indexOf("-");
      String source = dash > 0 && dash + 2 < fields.length ? fields[dash + 2] : "";
      if (fields[2].equals(number) || number.equals(numberOf(source))) {
        throw new BlkshException(action, part.getFileName() + " is mounted on " + fields[4])
            .suggest("unmount it first");
      }
    }
    for (String line : Files.readAllLines(Path.of("/proc/swaps"))) {
      if (number.equals(numberOf(line.split("\\s")[0]))) {
        throw new BlkshException(action, part.getFileName() + " is in use as swap")
            .suggest("swapoff it first");
      }
    }
    Path holders = part.resolve("holders");
    if (Files.isDirectory(holders)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(holders)) {
        for (Path holder : entries) {
          throw new BlkshException(
              action, part.getFileName() + " is part of " + holder.getFileName());
        }
      }
    }
    checkLoops(number, part, action);
  }

  /** A loop device over a device, as of a mount at an offset, is no holder of it to the kernel. */
  private static void checkLoops(String number, Path part, String action) throws IOException {
    try (DirectoryStream<Path> loops =
        Files.newDirectoryStream(Path.of("/sys/class/block"), "loop*")) {
      for (Path loop : loops) {
        if (number.equals(numberOf(read(loop.resolve("loop/backing_file"))))) {
          throw new BlkshException(
                  action, "%s is in use by %s".formatted(part.getFileName(), loop.getFileName()))
              .suggest("unmount that, or detach it with losetup -d");
        }
      }
    }
  }

  private static String numberOf(String path) {
    try {
      return path.startsWith("/") && BlockDevice.isAt(Path.of(path))
          ? BlockDevice.numberText(Path.of(path))
          : "";
    } catch (IOException e) {
      return "";
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
