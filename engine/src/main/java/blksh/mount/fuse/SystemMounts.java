package blksh.mount.fuse;

import blksh.BlkshException;
import blksh.io.MountTable;
import blksh.io.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The FUSE mounts of blksh on this machine, whoever serves them, and those nobody serves. */
public final class SystemMounts {

  /** The kind of file system they are in the table of mounts. */
  private static final String TYPE = "fuse.blksh";

  private SystemMounts() {}

  /** A mount in the table of the system; {@code pid} serves it, or did. */
  public record Mounted(Path path, long pid, boolean alive) {}

  /** All of them, oldest first. */
  public static List<Mounted> all() {
    List<Mounted> found = new ArrayList<>();
    for (MountTable.Entry entry : MountTable.readIfAny().entries()) {
      if (entry.type().equals(TYPE)) {
        MountServer.of(entry.source())
            .ifPresent(
                server ->
                    found.add(
                        new Mounted(entry.path(), server.pid(), serves(server, entry.path()))));
      }
    }
    return found;
  }

  /** A process of another container is not seen, but its mount answers. */
  private static boolean serves(MountServer server, Path path) {
    if (server.isAlive()) {
      return true;
    }
    try {
      Files.getFileStore(path).getTotalSpace(); // attributes may be remembered from before
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  static boolean isDead(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    return all().stream().anyMatch(mount -> !mount.alive() && absolute.startsWith(mount.path()));
  }

  /**
   * Takes away the mounts nobody serves any more.
   *
   * @return where they were
   * @throws BlkshException when one cannot be taken away
   */
  public static List<Path> prune() {
    List<Path> pruned = new ArrayList<>();
    for (Mounted mount : all()) {
      if (!mount.alive()) {
        unmountLazily(mount.path());
        pruned.add(mount.path());
      }
    }
    return pruned;
  }

  /**
   * Unmounts what any process of blksh serves; lazily when it is busy.
   *
   * @return who still uses it
   * @throws BlkshException when it cannot be unmounted
   */
  public static List<Holder> unmount(Path path) {
    if (MountTable.readIfAny().at(path).filter(entry -> entry.type().equals(TYPE)).isEmpty()) {
      return List.of();
    }
    Program.Ended tried = Program.run(fusermount(path), "-u", "-q", path.toString());
    if (tried.status() == 0) {
      return List.of();
    }
    List<Holder> holders = Holder.of(path);
    unmountLazily(path);
    return holders.isEmpty() ? List.of(new Holder(0, "somebody", "still uses it")) : holders;
  }

  private static void unmountLazily(Path path) {
    Program.Ended tried = Program.run(fusermount(path), "-u", "-z", path.toString());
    if (tried.status() != 0 && MountTable.readIfAny().at(path).isPresent()) {
      throw new BlkshException("unmount " + path, tried.output())
          .suggest("unmount it as the user who mounted it, or as root");
    }
  }

  private static Path fusermount(Path path) {
    return Program.find("fusermount3", "fusermount")
        .orElseThrow(
            () ->
                new BlkshException("unmount " + path, "there is no fusermount")
                    .suggest("apt-get install fuse3"));
  }
}
