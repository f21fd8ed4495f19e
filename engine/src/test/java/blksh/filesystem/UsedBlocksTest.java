package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.FaultySource;
import blksh.block.FileSource;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Used-block maps beside partclone's, block by block, on file systems made by the real tools. Many
 * more kinds are in {@link Recipe}.
 */
class UsedBlocksTest {

  private static final long MIB = 1 << 20;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // kind | MiB | MiB of files | command
        "ext2 | 40 | 10 | mkfs.ext2 -b 1024 -O ^sparse_super,^resize_inode -g 1024",
        "ext4 | 300 | 10 | mkfs.ext4 -O ^64bit,^metadata_csum,uninit_bg -g 8192",
        "ext4 | 200 | 5 | mkfs.ext4 -b 1024 -O sparse_super2,^resize_inode -E num_backup_sb=2",
        "xfs | 640 | 10 | mkfs.xfs -m rmapbt=1,reflink=1 -b size=1024 -d agcount=5",
        "vfat | 40 | 10 | mkfs.vfat -F 16",
        "exfat | 100 | 10 | mkfs.exfat -c 4096",
        "ntfs | 16 | 6 | mkfs.ntfs -q -F -f",
      })
  void agreesWithPartclone(String kind, long size, long files, String command) throws IOException {
    Path image = make(kind, size * MIB + (kind.equals("exfat") ? 0 : 512), command);
    fill(kind, image, files * MIB);
    String program =
        switch (kind) {
          case "vfat" -> "partclone.fat";
          case "ext2", "ext3", "ext4" -> "partclone.extfs";
          default -> "partclone." + kind;
        };
    compare(image, kind, Partclone.of(program, image, folder), true);
  }

  /** partclone cannot read these. */
  @ParameterizedTest
  @ValueSource(strings = {"-C 65536"})
  void ofBigallocWhatDumpe2fsListsIsFree(String options) throws IOException {
    Path image = make("ext4", 200 * MIB + 3000, "mkfs.ext4 -O bigalloc " + options);
    fill("ext4", image, 10 * MIB);
    UsedBlocks ours = of(image);
    assertThat(ours.areas().get(0).reason()).isEmpty();
    String dump = Tool.named("dumpe2fs").run(image);
    Matcher size = Pattern.compile("Block size: +(\\d+)").matcher(dump);
    assertThat(size.find()).isTrue();
    long block = Long.parseLong(size.group(1));
    FreeRanges theirs = new FreeRanges();
    for (String line : dump.lines().filter(each -> each.startsWith("  Free blocks:")).toList()) {
      Matcher range = Pattern.compile("(\\d+)(?:-(\\d+))?").matcher(line);
      while (range.find()) {
        String last = range.group(2) == null ? range.group(1) : range.group(2);
        theirs.add(Long.parseLong(range.group(1)) * block, (Long.parseLong(last) + 1) * block);
      }
    }
    assertThat(theirs.count()).isPositive();
    // Of a range it names the first block of the first and of the last cluster.
    Matcher cluster = Pattern.compile("Cluster size: +(\\d+)").matcher(dump);
    assertThat(cluster.find()).isTrue();
    for (long at = 0; at < 200 * MIB; at += Long.parseLong(cluster.group(1))) {
      int i = theirs.after(at);
      boolean used = i == theirs.count() || theirs.start(i) > at;
      assertThat(ours.isUsed(at)).as("block %d", at / block).isEqualTo(used);
    }
  }

  /** partclone 0.3.23 takes the wrong clusters of a FAT12. */
  @ParameterizedTest
  @ValueSource(strings = {"3 -F 12", "12 -F 12 -S 1024"})
  void ofFat12AsManyClustersAreUsedAsFsckCounts(String options) throws IOException {
    String[] words = options.split(" ", 2);
    long size = Long.parseLong(words[0]) * MIB;
    Path image = make("vfat", size, "mkfs.vfat " + words[1]);
    fillFat(image, size / 2);
    UsedBlocks ours = of(image);
    assertThat(ours.areas().get(0).reason()).isEmpty();
    String report = Tool.named("fsck.fat").run("-n", "-v", image);
    Matcher clusters = Pattern.compile("(\\d+)/(\\d+) clusters").matcher(report);
    Matcher bytes = Pattern.compile("(\\d+) bytes per cluster").matcher(report);
    assertThat(clusters.find() && bytes.find()).isTrue();
    long free = Long.parseLong(clusters.group(2)) - Long.parseLong(clusters.group(1));
    assertThat(ours.freeBytes()).isEqualTo(free * Long.parseLong(bytes.group(1)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "200 | mkfs.btrfs -q",
        "120 | mkfs.btrfs -q -M --csum sha256",
        "120 | mkfs.btrfs -q -M --csum blake2",
        "200 | mkfs.btrfs -q -d raid0 --csum xxhash",
      })
  void ofBtrfsOnlyItsExtentsAreUsed(long size, String command) throws IOException {
    Path image = make("btrfs", size * MIB, command);
    fill("btrfs", image, 20 * MIB);
    UsedBlocks used = of(image);
    assertThat(used.areas().get(0).reason()).isEmpty();
    assertThat(used.freeBytes()).isPositive();
    assertThat(BtrfsTrees.disagreement(used, image)).isEmpty();
  }

  /** The blocks of the log are in no tree; what it will be replayed to is. */
  @Test
  void ofBtrfsWithALogToBeReplayedWholeChunksAreUsed() throws IOException {
    Path image = make("btrfs", 200 * MIB, "mkfs.btrfs -q");
    fill("btrfs", image, 10 * MIB);
    Path crashed = folder.resolve("crashed");
    Volumes.mounted(
        image,
        "btrfs",
        folder.resolve("mount"),
        mount -> {
          Path file = Files.write(mount.resolve("log"), new byte[100_000]);
          Tool.named("sync").run("-f", mount);
          try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[50_000]), 100_000);
            channel.force(true);
          }
          Files.copy(image, crashed);
        });
    assertThat(Tool.named("btrfs").run("inspect-internal", "dump-super", crashed))
        .containsPattern("log_root\\s+[1-9]");
    UsedBlocks used = of(crashed);
    assertThat(used.areas().get(0).reason()).isEmpty();
    long chunks = 0;
    for (String line :
        Tool.named("btrfs").run("inspect-internal", "dump-super", crashed).lines().toList()) {
      if (line.startsWith("dev_item.bytes_used")) {
        chunks = Long.parseLong(line.replaceAll("\\D+", " ").strip().split(" ")[0]);
      }
    }
    long reserved = MIB + 4096; // the beginning, and the second superblock when in no chunk
    assertThat(used.freeBytes()).isBetween(200 * MIB - chunks - reserved, 200 * MIB - chunks - MIB);
    assertThat(of(image).freeBytes()).isGreaterThan(used.freeBytes());
  }

  @Test
  void agreesAfterShrinkingAndGrowing() throws IOException {
    Path image = make("ext4", 200 * MIB, "mkfs.ext4 -b 1024");
    fill("ext4", image, 60 * MIB);
    Tool.named("e2fsck").runAllowing(1, "-f", "-y", image);
    Tool.named("resize2fs").run(image, "100M");
    compare(image, "ext4", Partclone.of("partclone.extfs", image, folder), true);
    Tool.named("resize2fs").run(image, "180M");
    compare(image, "ext4", Partclone.of("partclone.extfs", image, folder), true);
  }

  @Test
  void ofSwapOnlyTheFirstPageIsUsed() throws IOException {
    Path image = make("swap", 10 * MIB, "mkswap");
    UsedBlocks used = of(image);
    assertThat(used.areas().get(0).fileSystem()).isEqualTo("swap");
    assertThat(used.freeBytes()).isEqualTo(10 * MIB - 4096);
    assertThat(used.isUsed(4095)).isTrue();
    assertThat(used.isUsed(4096)).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ext4 | mkfs.ext4 | was not replayed",
        "xfs | mkfs.xfs | its log was not replayed",
        "ext2 | mkfs.ext2 | not unmounted cleanly",
        "exfat | mkfs.exfat | not unmounted cleanly",
      })
  void whatIsMountedIsUsedAltogether(String kind, String command, String reason)
      throws IOException {
    Path image = make(kind, 320 * MIB, command);
    Path copy = folder.resolve("copy");
    Volumes.mounted(
        image,
        kind,
        folder.resolve("mount"),
        mount -> {
          Files.write(mount.resolve("file"), new byte[100_000]);
          Tool.named("sync").run("-f", mount);
          Files.copy(image, copy);
        });
    assertThat(of(copy).areas().get(0).reason()).contains(reason);
    assertThat(of(copy).freeBytes()).isZero();
    assertThat(of(image).freeBytes()).isPositive();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ext4 | mkfs.ext4",
        "xfs | mkfs.xfs",
        "vfat | mkfs.vfat -F 32",
        "exfat | mkfs.exfat",
        "ntfs | mkfs.ntfs -q -F -f",
        "btrfs | mkfs.btrfs -q",
        "vfat | mkfs.vfat -F 16",
      })
  void damageNeverMakesAnythingFreeThatWasNot(String kind, String command) throws IOException {
    Path image = make(kind, 320 * MIB, command);
    fill(kind, image, 10 * MIB);
    UsedBlocks before = of(image);
    assertThat(before.freeBytes()).isPositive();
    List<long[]> metadata = dataBefore(image, 2 * MIB);
    java.util.Random random = new java.util.Random(4);
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      for (int i = 0; i < 15; i++) {
        long[] range = metadata.get(random.nextInt(metadata.size()));
        long at = range[0] + (long) (random.nextDouble() * (range[1] - range[0]));
        file.seek(at);
        int was = file.read();
        file.seek(at);
        file.write(was ^ 1 << random.nextInt(8));
        UsedBlocks after = of(image);
        if (after.freeBytes() > 0) {
          assertThat(after.freeBytes()).as("bit at byte %d", at).isEqualTo(before.freeBytes());
        }
        file.seek(at);
        file.write(was);
      }
    }
    assertThat(of(image).freeBytes()).isEqualTo(before.freeBytes());
  }

  /** The data of a sparse file before a position. */
  private static List<long[]> dataBefore(Path image, long end) {
    List<long[]> ranges = new ArrayList<>();
    try (BlockSource source = FileSource.open(image)) {
      source
          .extents(0, end)
          .forEachRemaining(
              extent -> {
                if (extent.kind() == blksh.block.Extent.Kind.DATA) {
                  ranges.add(new long[] {extent.start(), extent.end()});
                }
              });
    }
    return ranges;
  }

  @Test
  void whereTheMetadataCannotBeReadEverythingIsUsed() throws IOException {
    Path image = make("ext4", 64 * MIB, "mkfs.ext4");
    try (BlockSource bad = new FaultySource(FileSource.open(image)).unreadable(4096, 512)) {
      UsedBlocks used = UsedBlocks.of(bad);
      assertThat(used.areas().get(0).reason()).isEqualTo("byte 4096 cannot be read");
      assertThat(used.freeBytes()).isZero();
    }
  }

  @Test
  void whatIsUnknownIsUsed() throws IOException {
    Path image = Files.write(folder.resolve("image"), new byte[5_000_000]);
    UsedBlocks used = of(image);
    assertThat(used.freeBytes()).isZero();
    assertThat(used.areas()).hasSize(1);
    assertThat(used.areas().get(0).reason()).contains("no file system known");
    assertThat(of(Files.write(folder.resolve("none"), new byte[0])).freeBytes()).isZero();
    assertThat(of(Files.write(folder.resolve("tiny"), new byte[700])).freeBytes()).isZero();
  }

  @Test
  void oneFileSystemOnTheRemainsOfAnotherIsUsed() throws IOException {
    Path image = make("ext4", 64 * MIB, "mkfs.ext4");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.seek(3);
      file.writeBytes("NTFS    ");
      file.seek(510);
      file.write(new byte[] {0x55, (byte) 0xaa});
    }
    assertThat(of(image).areas().get(0).reason()).contains("several file systems");
    assertThat(of(image).freeBytes()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // what a newer system may write, and counts that were not kept, without checksums to tell
        "ext4 | mkfs.ext4 -O ^metadata_csum | 1124 | ff | features unknown",
        "ext4 | mkfs.ext4 -O ^metadata_csum | 1036 | 01 | superblock tells of",
        "xfs | mkfs.xfs -m crc=0,finobt=0 | 564 | 7f | header tells of",
        "vfat | mkfs.vfat -F 32 | 1000 | 01 | information sector tells of",
        "vfat | mkfs.vfat -F 16 -a | 515 | 3f | not unmounted cleanly",
        "exfat | mkfs.exfat | 106 | 02 | not unmounted cleanly",
        "exfat | mkfs.exfat | 112 | 63 | boot sector tells of",
      })
  void whatCannotBeTrustedIsUsedAltogether(
      String kind, String command, long position, String value, String reason) throws IOException {
    Path image = make(kind, 320 * MIB, command);
    assertThat(of(image).freeBytes()).isPositive();
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.seek(position);
      int was = file.read();
      file.seek(position);
      file.write(
          kind.equals("vfat") && value.equals("3f") ? was & 0x3f : Integer.parseInt(value, 16));
    }
    assertThat(of(image).areas().get(0).reason()).contains(reason);
    assertThat(of(image).freeBytes()).isZero();
  }

  private Path make(String kind, long size, String command) throws IOException {
    Path image = Volumes.blank(folder.resolve(kind + ".img"), size);
    List<Object> words = new ArrayList<>(Arrays.asList((Object[]) command.split(" ")));
    Tool tool = Tool.named(words.remove(0).toString());
    if (kind.startsWith("ext") && kind.length() == 4) {
      words.addAll(List.of("-q", "-F"));
    }
    if (kind.equals("xfs")) {
      words.add("-q");
    }
    words.add(image);
    tool.run(words.toArray());
    return image;
  }

  private void fill(String kind, Path image, long bytes) throws IOException {
    if (bytes == 0) {
      return;
    }
    if (kind.equals("vfat")) {
      fillFat(image, bytes);
    } else {
      Volumes.mounted(
          image, kind, folder.resolve("mount"), mount -> Volumes.scatter(mount, bytes, 1));
    }
  }

  /** mtools need no driver. */
  private void fillFat(Path image, long bytes) throws IOException {
    Path content = Files.createDirectories(folder.resolve("content"));
    Volumes.scatter(content, bytes * 3 / 2, 2);
    Tool.named("mcopy").runAllowing(1, "-s", "-Q", "-i", image, content, "::");
    Tool.named("mdel").runAllowing(1, "-i", image, "::content/file1*");
  }

  private static UsedBlocks of(Path image) {
    try (BlockSource source = FileSource.open(image)) {
      return UsedBlocks.of(source);
    }
  }

  /** Everything outside partclone's blocks must be used too. */
  private static UsedBlocks compare(Path image, String kind, Partclone theirs, boolean exactly)
      throws IOException {
    UsedBlocks ours = of(image);
    assertThat(ours.areas()).hasSize(1);
    assertThat(ours.areas().get(0).reason()).isEmpty();
    assertThat(ours.areas().get(0).fileSystem()).isEqualTo(kind);
    List<Long> wronglyFree = new ArrayList<>();
    List<Long> wronglyUsed = new ArrayList<>();
    int block = theirs.blockSize();
    for (long i = 0; i < theirs.blocks(); i++) {
      boolean used = ours.isUsed(i * block) || ours.isUsed((i + 1) * block - 1);
      if (theirs.isUsed(i) && !used) {
        wronglyFree.add(i);
      }
      if (!theirs.isUsed(i) && used) {
        wronglyUsed.add(i);
      }
    }
    assertThat(wronglyFree).as("blocks partclone keeps").isEmpty();
    if (kind.equals("xfs")) {
      assertThat(wronglyUsed).as("blocks kept for the trees").hasSize(listed(image));
    } else if (exactly) {
      assertThat(wronglyUsed).as("blocks partclone leaves out").isEmpty();
    }
    for (long at = theirs.blocks() * block; at < Files.size(image); at += 512) {
      assertThat(ours.isUsed(at)).isTrue();
    }
    return ours;
  }

  /** The blocks in XFS's lists of spare blocks: not in use yet, but no longer in the trees. */
  private static int listed(Path image) throws IOException {
    Tool xfsDb = Tool.named("xfs_db");
    String groups = xfsDb.run("-r", "-c", "sb 0", "-c", "print agcount", image);
    int count = 0;
    for (int i = 0; i < Integer.parseInt(groups.split("=")[1].strip()); i++) {
      String spare = xfsDb.run("-r", "-c", "agf " + i, "-c", "print flcount", image);
      count += Integer.parseInt(spare.split("=")[1].strip());
    }
    return count;
  }

  @Test
  void whatLooksLikeATableAndIsNoneHasNothingFree() {
    java.util.Random random = new java.util.Random(3);
    for (int i = 0; i < 300; i++) {
      byte[] disk = new byte[64 << 10];
      random.nextBytes(disk);
      disk[510] = 0x55;
      disk[511] = (byte) 0xaa;
      for (int entry = 446; entry < 510; entry += 16) {
        disk[entry] = 0;
      }
      assertThat(UsedBlocks.of(new blksh.block.ByteArraySource(disk)).freeBytes()).isZero();
    }
  }
}
