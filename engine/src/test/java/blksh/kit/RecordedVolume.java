package blksh.kit;

import blksh.mount.FixedDirectory;
import blksh.mount.SourceFile;
import blksh.mount.fuse.Fuse;
import blksh.mount.fuse.FuseMount;
import blksh.mount.fuse.MountOptions;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;

/**
 * An ext4 file system on a recorded disk, mounted by the kernel for as long as it is open: the disk
 * is a file of a FUSE mount of this process, and a loop device over it. Only other processes may
 * use what is in it; this one has to answer for the disk meanwhile.
 */
public final class RecordedVolume implements Closeable {

  private final FuseMount shown;
  private final Path folder;
  private LoopDevice loop;
  private boolean mounted;

  private RecordedVolume(FuseMount shown, Path folder) {
    this.shown = shown;
    this.folder = folder;
  }

  /**
   * Makes one, and has the disk begin to record; ends the test where that is not allowed.
   *
   * @param folder for its mounts
   * @param options for mount(8)
   */
  public static RecordedVolume of(RecordedDisk disk, Path folder, String options)
      throws IOException {
    Component.needRoot();
    Component.needFuse();
    Path at = Files.createDirectories(folder).toRealPath();
    FixedDirectory root =
        new FixedDirectory(Map.of("disk", new SourceFile(disk, Instant.now())), Instant.now());
    FuseMount shown =
        Fuse.mount(
            () ->
                FuseMount.mount(at.resolve("shown"), root, MountOptions.defaults().withWriting()));
    RecordedVolume volume = new RecordedVolume(shown, at.resolve("files"));
    boolean ready = false;
    try {
      volume.mount(options);
      disk.begin();
      ready = true;
      return volume;
    } finally {
      if (!ready) {
        volume.close();
      }
    }
  }

  private void mount(String options) throws IOException {
    Files.createDirectories(folder);
    loop = LoopDevice.attach(shown.path().resolve("disk"), 512);
    Tool.named("mkfs.ext4")
        .run(
            "-qF",
            "-b4096",
            "-N1024",
            "-m0",
            "-Jsize=4",
            "-O^resize_inode",
            "-Elazy_itable_init=0,lazy_journal_init=0,nodiscard",
            loop.path());
    Tool.named("mount").run("-t", "ext4", "-o", options, loop.path(), folder);
    mounted = true;
    Tool.named("sync").run("-f", folder);
  }

  /** The root of the file system. */
  public Path path() {
    return folder;
  }

  @Override
  public void close() throws IOException {
    try {
      if (mounted) {
        Volumes.unmount(folder);
      }
    } finally {
      try {
        if (loop != null) {
          loop.close();
        }
      } finally {
        shown.close();
      }
    }
  }
}
