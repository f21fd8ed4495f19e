package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.kit.Tool;
import blksh.store.pack.Page;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Images to capture, and what is seen of them again. */
public final class Images {

  static final int PAGE = Page.SIZE;
  static final int MIB = 1 << 20;

  private Images() {}

  static Path write(Path file, byte[] bytes) throws IOException {
    return Files.write(file, bytes);
  }

  /** Makes a file of a size, all hole. */
  static Path sparse(Path file, long size) throws IOException {
    Files.write(file, new byte[0]);
    if (size > 0) {
      Tool.named("truncate").run("-s", Long.toString(size), file.toString());
    }
    return file;
  }

  /** Writes into a file at a position. */
  static Path put(Path file, long position, byte[] bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(bytes), position);
    }
    return file;
  }

  /** Flips bits of one byte. */
  public static void flip(Path file, long position, int bits) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      assertThat(channel.read(one, position)).isEqualTo(1);
      one.put(0, (byte) (one.get(0) ^ bits)).rewind();
      channel.write(one, position);
    }
  }

  public static void truncate(Path file, long size) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(size);
    }
  }

  /** A real ext4 file system that holds the files of a directory. */
  static Path ext4(Path image, Path content, String size) throws IOException {
    Tool.named("mkfs.ext4")
        .run("-q", "-F", "-b", "4096", "-d", content.toString(), image.toString(), size);
    return image;
  }

  /** Bytes the file system has given a file. */
  static long allocated(Path file) throws IOException {
    String[] found = Tool.named("stat").run("-c", "%b %B", file.toString()).split(" ");
    return Long.parseLong(found[0]) * Long.parseLong(found[1]);
  }

  static CaptureResult capture(Store store, Path image, String name) {
    try (BlockSource source = BlockSources.open(image)) {
      return store.capture(source, name, CaptureOptions.defaults(), Task.unwatched());
    }
  }

  static RestoreResult restore(Store store, Manifest manifest, Path target) {
    return store.restore(manifest, target, RestoreOptions.defaults(), Task.unwatched());
  }

  static VerifyReport verify(Store store) {
    return store.verify(VerifyOptions.full(), Task.unwatched());
  }

  static void assertClean(Store store) {
    assertThat(verify(store).damage()).isEmpty();
  }

  /** Restores to a new file, compares it with the image bit for bit, and removes it. */
  static void assertRestores(Store store, Manifest manifest, Path image, Path folder)
      throws IOException {
    Path target = folder.resolve("restored-" + manifest.reference());
    restore(store, manifest, target);
    assertSame(target, image);
    Files.delete(target);
  }

  static void assertSame(Path file, Path expected) throws IOException {
    assertThat(Files.mismatch(file, expected)).as("first difference").isEqualTo(-1);
  }

  /** Fills a disk to its last block. */
  static void fillDisk(Path file) throws IOException {
    try (var out = Files.newOutputStream(file)) {
      byte[] some = new byte[4096];
      while (true) {
        out.write(some);
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("No space left");
    }
  }
}
