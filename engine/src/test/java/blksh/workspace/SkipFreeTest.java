package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.FileSource;
import blksh.filesystem.SkipFreeSource;
import blksh.filesystem.UsedBlocks;
import blksh.kit.Content;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.partition.PartitionTable;
import blksh.store.CaptureOptions;
import blksh.store.Manifest;
import blksh.store.RestoreOptions;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.PageSize;
import blksh.task.Task;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A whole disk captured without what its file systems do not use. */
class SkipFreeTest {

  private static final long MIB = 1 << 20;
  private static final long START = 2 * MIB;
  private static final long LENGTH = 48 * MIB;

  @TempDir Path folder;

  @Test
  void aDiskRestoredOverOtherBytesHasSoundFileSystemsWithEveryFile() throws IOException {
    Path disk = folder.resolve("disk");
    randomBytes(disk, 3 * LENGTH + 2 * START, 1); // what is free holds bytes of earlier days
    Path script =
        Files.writeString(folder.resolve("script"), "label: gpt\n" + "size=48M\n".repeat(3));
    Tool.named("sh").run("-c", "sfdisk -q --wipe always '" + disk + "' < '" + script + "'");
    List<String> makers = List.of("mkfs.ext4 -q -F", "mkfs.exfat", "mkfs.ntfs -q -f -F");
    List<String> kinds = List.of("ext4", "exfat", "ntfs");
    List<Map<String, String>> before = new java.util.ArrayList<>();
    for (int i = 0; i < 3; i++) {
      try (LoopDevice part = LoopDevice.attach(slice(disk, i), 512)) {
        List<Object> words =
            new java.util.ArrayList<>(List.of((Object[]) makers.get(i).split(" ")));
        words.add(part.path());
        Tool.named(words.remove(0).toString()).run(words.toArray());
        before.add(contents(part.path(), kinds.get(i), true));
      }
      putBack(disk, i);
    }
    Path target = folder.resolve("target");
    randomBytes(target, Files.size(disk), 2);
    try (Store store = Store.openOrCreate(folder.resolve("store"));
        SkipFreeSource source = UsedBlocks.skipFree(FileSource.open(disk))) {
      assertThat(source.usedBlocks().areas())
          .extracting(UsedBlocks.Area::fileSystem)
          .containsExactlyElementsOf(kinds);
      Manifest manifest =
          store.capture(source, "disk", CaptureOptions.defaults(), Task.unwatched()).manifest();
      assertThat(manifest.figures().freeBytes())
          .isGreaterThan(source.usedBlocks().freeBytes() * 9 / 10);
      store.restore(
          manifest, target, RestoreOptions.defaults().withOverwrite(true), Task.unwatched());
    }
    List<List<Object>> checks =
        List.of(
            List.of("e2fsck", "-f", "-n"), List.of("fsck.exfat", "-n"), List.of("ntfsfix", "-n"));
    for (int i = 0; i < 3; i++) {
      try (LoopDevice part = LoopDevice.attach(slice(target, i), 512)) {
        List<Object> words = new java.util.ArrayList<>(checks.get(i));
        words.add(part.path());
        Tool.named(words.remove(0).toString()).run(words.toArray());
        assertThat(contents(part.path(), kinds.get(i), false)).isEqualTo(before.get(i));
      }
    }
  }

  /** A guest whose disk is served goes on writing, or after a cut another disk is served. */
  @ParameterizedTest
  @ValueSource(strings = {"nothing", "a file", "another disk"})
  void whatIsUsedAtTheEndThoughItCountedAsFreeIsAFinding(String change) throws IOException {
    Path disk = Volumes.blank(folder.resolve("disk"), 16 * MIB);
    Tool.named("mkfs.ext4").run("-q", "-F", disk);
    Path file = Files.write(folder.resolve("file"), Content.random((int) MIB, 1));
    Path other = Files.copy(disk, folder.resolve("other"));
    Tool.named("debugfs").run("-w", "-R", "write " + file + " made", other);
    Task task = new Task("capture", "disk");
    try (Store store = Store.openOrCreate(folder.resolve("store"));
        SkipFreeSource source = UsedBlocks.skipFree(FileSource.open(disk))) {
      switch (change) {
        case "a file" -> Tool.named("debugfs").run("-w", "-R", "write " + file + " made", disk);
        case "another disk" -> Files.write(disk, Files.readAllBytes(other));
        default -> {}
      }
      store.capture(source, "disk", CaptureOptions.defaults(), task);
    }
    if (change.equals("nothing")) {
      assertThat(task.findings()).isEmpty();
    } else {
      assertThat(task.findings())
          .singleElement()
          .asString()
          .contains("counted as free and does not any more");
    }
  }

  /**
   * What is free in a part of a page is kept as it is: it may be used by the next capture, which
   * reads only what was written since.
   */
  @ParameterizedTest
  @ValueSource(ints = {1024, 4096})
  void pagesThatAreFreeInPartAreKeptAsTheyAre(int blocks) throws IOException {
    Path disk = folder.resolve("disk");
    randomBytes(disk, 8 * MIB, 3);
    Tool.named("mkfs.ext4").run("-q", "-F", "-E", "nodiscard", "-b", blocks, disk);
    byte[] bytes = Files.readAllBytes(disk);
    PageSize size = blocks == 1024 ? PageSize.USUAL : PageSize.LARGEST;
    StoreOptions options = new StoreOptions(CodecChoice.LZ4, size, 0);
    try (Store store = Store.create(folder.resolve("store"), options);
        SkipFreeSource all = UsedBlocks.skipFree(FileSource.open(disk))) {
      BlockSource source = all.inPages(size.bytes());
      Manifest manifest =
          store.capture(source, "disk", CaptureOptions.defaults(), Task.unwatched()).manifest();
      long free = manifest.figures().freeBytes();
      assertThat(free).isPositive().isLessThan(all.usedBlocks().freeBytes());
      assertThat(source.twoInstants()).isEmpty();
      assertThat(manifest.source().details())
          .containsEntry("free bytes skipped", Long.toString(free))
          .containsEntry("free in pages of", size.toString());
      byte[] kept = new byte[bytes.length];
      try (BlockSource stored = store.source(manifest)) {
        stored.read(0, ByteBuffer.wrap(kept));
        stored
            .extents()
            .forEachRemaining(
                extent -> {
                  int from = (int) extent.start();
                  if (extent.kind() == Extent.Kind.FREE) {
                    System.arraycopy(bytes, from, kept, from, (int) extent.length());
                  }
                });
      }
      assertThat(Arrays.mismatch(kept, bytes)).isEqualTo(-1);
    }
  }

  private static void randomBytes(Path file, long size, long seed) throws IOException {
    byte[] bytes = new byte[(int) size];
    new Random(seed).nextBytes(bytes);
    Files.write(file, bytes);
  }

  /** A partition in a file of its own. */
  private Path slice(Path disk, int number) throws IOException {
    Path slice = folder.resolve("slice" + number);
    try (BlockSource whole = FileSource.open(disk)) {
      java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate((int) LENGTH);
      whole.read(start(disk, number), bytes);
      Files.write(slice, bytes.array());
    }
    return slice;
  }

  private void putBack(Path disk, int number) throws IOException {
    long start = start(disk, number);
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.seek(start);
      file.write(Files.readAllBytes(folder.resolve("slice" + number)));
    }
  }

  private static long start(Path disk, int number) {
    try (BlockSource whole = FileSource.open(disk)) {
      return PartitionTable.of(whole).partitions().get(number).start();
    }
  }

  /** The files of a file system and their digests; first writes and deletes some when asked. */
  private Map<String, String> contents(Path device, String kind, boolean write) throws IOException {
    Path mount = Files.createDirectories(folder.resolve("mount"));
    switch (kind) {
      case "ntfs" -> Tool.named("ntfs-3g").run(device, mount);
      case "exfat" -> Tool.named("mount.exfat-fuse").run(device, mount);
      default -> Tool.named("mount").run(device, mount);
    }
    try {
      if (write) {
        Random random = new Random(5);
        for (int i = 0; i < 60; i++) {
          byte[] bytes = new byte[random.nextInt(200_000)];
          random.nextBytes(bytes);
          Files.write(mount.resolve("file" + i), bytes);
        }
        for (int i = 0; i < 60; i += 3) {
          Files.delete(mount.resolve("file" + i));
        }
      }
      Map<String, String> contents = new TreeMap<>();
      try (Stream<Path> files = Files.list(mount)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          contents.put(
              file.getFileName().toString(), Tool.named("sha256sum").run(file).split(" ")[0]);
        }
      }
      assertThat(contents).hasSizeGreaterThanOrEqualTo(40);
      return contents;
    } finally {
      Tool.named("umount").run(mount);
    }
  }
}
