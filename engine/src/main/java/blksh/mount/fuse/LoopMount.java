package blksh.mount.fuse;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.MountTable;
import blksh.io.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The file system in a file, mounted read-only by the kernel through a loop device, which goes with
 * it. Only root may.
 */
public final class LoopMount {

  private LoopMount() {}

  /** Whether this process may mount file systems. */
  public static boolean isAllowed() {
    try {
      return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * The options by which a file system is mounted without a byte of it being written, not even to
   * bring a journal up to date, and without its set-id programs and devices meaning anything.
   *
   * @param fileSystem its kind in any spelling, or empty
   */
  public static String options(String fileSystem) {
    String kind = fileSystem.toLowerCase(Locale.ROOT);
    String own =
        kind.startsWith("ext") && !kind.equals("ext2") // which has no journal, nor this option
            ? ",noload"
            : switch (kind) {
              case "xfs" -> ",norecovery,nouuid";
              case "btrfs" -> ",rescue=nologreplay";
              case "f2fs" -> ",norecovery";
              default -> "";
            };
    return "loop,ro,nosuid,nodev" + own;
  }

  /** The command that mounts it, for people to type. */
  public static String command(Path file, Path directory, String fileSystem) {
    return "mount -o " + options(fileSystem) + " " + file + " " + directory;
  }

  /**
   * Mounts it.
   *
   * @param directory made when there is none
   * @throws BlkshException with what mount(8) says
   */
  public static void mount(Path file, Path directory, String fileSystem) {
    String action = "mount the file system in " + file.getFileName() + " on " + directory;
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
    Path mount =
        Program.find("mount").orElseThrow(() -> new BlkshException(action, "there is no mount"));
    List<String> words = new ArrayList<>(List.of("-o", options(fileSystem)));
    words.add(file.toString());
    words.add(directory.toString());
    Program.Ended ended = Program.run(mount, words.toArray(String[]::new));
    if (ended.status() != 0) {
      throw new BlkshException(action, ended.output().strip().replaceAll("\\s*\\R\\s*", " "))
          .suggest(
              fileSystem.isEmpty()
                  ? "see with usedBlocks whether it holds a file system, or name a partition"
                  : "the kernel may lack " + fileSystem);
    }
  }

  /**
   * Unmounts what is mounted on a directory; lazily when it is busy.
   *
   * @return who still uses it
   * @throws BlkshException when it cannot be unmounted
   */
  public static List<Holder> unmount(Path directory) {
    if (MountTable.readIfAny().at(directory).isEmpty()) {
      return List.of();
    }
    String action = "unmount " + directory;
    Path umount =
        Program.find("umount").orElseThrow(() -> new BlkshException(action, "there is no umount"));
    if (Program.run(umount, directory.toString()).status() == 0) {
      return List.of();
    }
    List<Holder> holders = Holder.of(directory);
    Program.Ended lazy = Program.run(umount, "-l", directory.toString());
    if (lazy.status() != 0 && MountTable.readIfAny().at(directory).isPresent()) {
      throw new BlkshException(action, lazy.output()).suggest("do it as root");
    }
    return holders;
  }
}
