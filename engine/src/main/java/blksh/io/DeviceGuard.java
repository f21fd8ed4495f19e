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
      throw IoFailure.told(action, e);
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
    for (MountTable.Entry mount : MountTable.read().entries()) {
      if (mount.device().equals(number) || number.equals(numberOf(mount.sourcePath()))) {
        throw new BlkshException(action, part.getFileName() + " is mounted on " + mount.path())
            .suggest("unmount it first");
      }
    }
    for (Path swap : SwapTable.read().paths()) {
      if (number.equals(numberOf(swap))) {
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
        String file = read(loop.resolve("loop/backing_file"));
        if (file.startsWith("/") && number.equals(numberOf(Path.of(file)))) {
          throw new BlkshException(
                  action, "%s is in use by %s".formatted(part.getFileName(), loop.getFileName()))
              .suggest("unmount that, or detach it with losetup -d");
        }
      }
    }
  }

  /** Of a path that may be null, or of no device. */
  private static String numberOf(Path path) {
    try {
      return path != null && BlockDevice.isAt(path) ? BlockDevice.numberText(path) : "";
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
