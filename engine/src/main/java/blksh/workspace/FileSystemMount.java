package blksh.workspace;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.mount.Traffic;
import blksh.mount.fuse.FuseMount;
import blksh.mount.fuse.Holder;
import blksh.mount.fuse.LoopMount;
import blksh.mount.fuse.MountOptions;
import java.nio.file.Path;
import java.util.List;

/**
 * The file system in a source, mounted by the kernel through a loop device on a mount of the source
 * that nobody sees. It ends when that does: after the kernel has let go of it, at the latest when
 * the process ends.
 */
final class FileSystemMount {

  private final Path path;
  private final FuseMount below;
  private final Thread atExit;

  private FileSystemMount(Path path, FuseMount below) {
    this.path = path;
    this.below = below;
    this.atExit = new Thread(this::unmountAtExit, "blksh-unmount-file-system");
  }

  /**
   * Mounts it read-only.
   *
   * @param source stays open
   * @param fileSystem its kind, or empty; decides on options
   * @param directory made when there is none
   * @param inner where the source itself is mounted
   * @throws BlkshException when one of both cannot be mounted
   */
  static FileSystemMount mount(BlockSource source, String fileSystem, Path directory, Path inner) {
    FuseMount below = FuseMount.mount(inner, SourceTree.of(source), MountOptions.defaults());
    FileSystemMount mount = new FileSystemMount(directory.toAbsolutePath().normalize(), below);
    try {
      LoopMount.mount(below.path().resolve(SourceTree.fileName(source)), mount.path, fileSystem);
      Runtime.getRuntime().addShutdownHook(mount.atExit);
    } catch (RuntimeException | Error e) {
      below.close();
      throw e;
    }
    below.whenEnded(mount::forgetHook);
    return mount;
  }

  Path path() {
    return path;
  }

  Traffic traffic() {
    return below.traffic();
  }

  /** Runs an action when it has ended, at once if it already has. */
  void whenEnded(Runnable action) {
    below.whenEnded(action);
  }

  /**
   * @return who still uses it
   */
  List<Holder> unmount() {
    List<Holder> holders = LoopMount.unmount(path);
    return holders.isEmpty() ? below.unmount() : holders;
  }

  private void unmountAtExit() {
    try {
      LoopMount.unmount(path);
    } catch (BlkshException e) {
      // nobody is left to be told; the next prune finds it
    }
  }

  private void forgetHook() {
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // the process ends
    }
  }
}
