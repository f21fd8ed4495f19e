package blksh.kit;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** File systems made by the real tools, with files in them. */
public final class Volumes {

  private Volumes() {}

  /** A file of a size in bytes that is all hole. */
  public static Path blank(Path path, long size) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(0);
      file.setLength(size);
    }
    return path;
  }

  /** What runs while a file system is mounted. */
  public interface Work {
    void in(Path folder) throws IOException;
  }

  /**
   * Mounts an image with what the kernel or a FUSE program has for it, and takes it off again.
   * Returns when the file system has written what it had to, also where another test's mount
   * namespace took a copy of the mount; not when the work left something open there.
   */
  public static void mounted(Path image, String kind, Path folder, Work work) throws IOException {
    Files.createDirectories(folder);
    Path attached;
    boolean gone = false;
    try (LoopDevice loop = LoopDevice.attach(image, 512)) {
      attached = Path.of("/sys/block", loop.path().getFileName().toString(), "loop/backing_file");
      switch (kind) {
        case "ntfs" -> Tool.named("ntfs-3g").run(loop.path(), folder);
        case "exfat" -> Tool.named("mount.exfat-fuse").run(loop.path(), folder);
        default -> Tool.named("mount").run(loop.path(), folder);
      }
      try {
        work.in(folder);
      } finally {
        gone = unmount(folder);
      }
    }
    if (gone) {
      await(attached, image.toRealPath());
    }
  }

  /** Waits until nothing holds a loop device over a file. */
  private static void await(Path attached, Path file) throws IOException {
    try {
      Await.await(
          () ->
              !Files.exists(attached)
                  || !Files.readString(attached).strip().equals(file.toString()));
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException("waiting until " + file + " is mounted nowhere", e);
    }
  }

  /**
   * Takes a file system off; one that is still used vanishes from its folder and goes later.
   *
   * @return false when it is still used
   */
  public static boolean unmount(Path folder) throws IOException {
    if (Tool.named("umount").attempt(folder).status() == 0) {
      return true;
    }
    Tool.named("umount").run("--lazy", folder);
    return false;
  }

  /** Writes files of many sizes and deletes some, so that what is free lies in pieces. */
  public static void scatter(Path folder, long bytes, long seed) throws IOException {
    Random random = new Random(seed);
    List<Path> files = new ArrayList<>();
    long written = 0;
    for (int i = 0; written < bytes && i < 2000; i++) {
      int length = random.nextInt(10) == 0 ? random.nextInt(300_000) : random.nextInt(20_000);
      byte[] content = new byte[length];
      random.nextBytes(content);
      Path file = folder.resolve("file" + i);
      try {
        Files.write(file, content);
      } catch (IOException full) {
        Files.deleteIfExists(file);
        break;
      }
      files.add(file);
      written += length;
    }
    for (Path file : files) {
      if (random.nextInt(3) == 0) {
        Files.delete(file);
      }
    }
  }
}
