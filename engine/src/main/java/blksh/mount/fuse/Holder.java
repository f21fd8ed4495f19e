package blksh.mount.fuse;

import blksh.io.MountTable;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Something that keeps a mount busy.
 *
 * @param pid the process, or 0 for the kernel
 * @param name its command, or the name of a device
 * @param use what it does with what: {@code "has disk.img open"}
 */
public record Holder(long pid, String name, String use) {

  /**
   * Who uses anything below a directory, as far as this user may see. Looks only at links of /proc
   * and /sys, so it returns even when the mount does not answer.
   */
  static List<Holder> of(Path directory) {
    List<Holder> found = new ArrayList<>();
    String own = Long.toString(ProcessHandle.current().pid());
    for (Path process : entries(Path.of("/proc"), "[0-9]*")) {
      if (!process.getFileName().toString().equals(own)) {
        String use = useOf(process, directory);
        if (use != null) {
          found.add(
              new Holder(
                  Long.parseLong(process.getFileName().toString()),
                  text(process.resolve("comm")),
                  use));
        }
      }
    }
    for (Path device : entries(Path.of("/sys/block"), "loop*")) {
      String backing = text(device.resolve("loop/backing_file"));
      if (backing.startsWith("/") && Path.of(backing).startsWith(directory)) {
        found.add(new Holder(0, "/dev/" + device.getFileName(), "is a loop device on " + backing));
      }
    }
    for (MountTable.Entry entry : MountTable.readIfAny().entries()) {
      if (entry.path().startsWith(directory) && !entry.path().equals(directory)) {
        found.add(new Holder(0, entry.type(), "is mounted on " + entry.path()));
      }
    }
    return found;
  }

  private static String useOf(Path process, Path directory) {
    for (String link : List.of("cwd", "root", "exe")) {
      if (leadsBelow(process.resolve(link), directory)) {
        return link.equals("exe") ? "runs a program of it" : "works in it";
      }
    }
    for (Path descriptor : entries(process.resolve("fd"), "*")) {
      if (leadsBelow(descriptor, directory)) {
        return "has " + target(descriptor).getFileName() + " open";
      }
    }
    for (Path mapping : entries(process.resolve("map_files"), "*")) {
      if (leadsBelow(mapping, directory)) {
        return "has " + target(mapping).getFileName() + " mapped";
      }
    }
    return null;
  }

  private static boolean leadsBelow(Path link, Path directory) {
    Path target = target(link);
    return target != null && target.startsWith(directory);
  }

  private static Path target(Path link) {
    try {
      return Files.readSymbolicLink(link);
    } catch (IOException | UnsupportedOperationException e) {
      return null;
    }
  }

  private static List<Path> entries(Path directory, String pattern) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, pattern)) {
      entries.forEach(found::add);
    } catch (IOException | DirectoryIteratorException e) {
      return found;
    }
    return found;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return "";
    }
  }

  @Override
  public String toString() {
    return pid == 0 ? name + " " + use : "process " + pid + " (" + name + ") " + use;
  }
}
