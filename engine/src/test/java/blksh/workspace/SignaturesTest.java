package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.FileSource;
import blksh.filesystem.SkipFreeSource;
import blksh.filesystem.UsedBlocks;
import blksh.kit.Effort;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.store.CaptureOptions;
import blksh.store.Manifest;
import blksh.store.RestoreOptions;
import blksh.store.Store;
import blksh.task.Task;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A newer container over an older file system, in what is free of which the container has its data:
 * a capture without what is free must hold all of it.
 */
class SignaturesTest {

  private static final long MIB = 1 << 20;

  /** A file system, by what makes it; sizes in MiB. */
  private record Made(String name, long mib, String command, String check) {}

  private static final List<Made> FILE_SYSTEMS =
      List.of(
          new Made("ext4", 68, "mkfs.ext4 -q -F", "e2fsck -f -n"),
          new Made("ext2-1k", 66, "mkfs.ext2 -q -F -b 1024", "e2fsck -f -n"),
          new Made("ext3", 68, "mkfs.ext3 -q -F", "e2fsck -f -n"),
          new Made("ext4-bigalloc", 68, "mkfs.ext4 -q -F -O bigalloc -C 16384", "e2fsck -f -n"),
          new Made("xfs", 320, "mkfs.xfs -q", "xfs_repair -n"),
          new Made("btrfs", 120, "mkfs.btrfs -q", "btrfs check"),
          new Made("ntfs", 66, "mkfs.ntfs -q -F -f", "ntfsfix -n"),
          new Made("fat12", 66, "mkfs.vfat -F 12 -s 64", "fsck.fat -n"),
          new Made("fat16", 66, "mkfs.vfat -F 16", "fsck.fat -n"),
          new Made("fat32", 66, "mkfs.vfat -F 32 -s 1", "fsck.fat -n"),
          new Made("exfat", 66, "mkfs.exfat", "fsck.exfat -n"),
          new Made("swap", 66, "mkswap", "swaplabel"));

  /** Bytes at a place, counted from the end, rounded down to a unit, where that is not 0. */
  private record Mark(long unit, long at, byte[] bytes) {
    /** Writes them, and returns what was there. */
    byte[] write(Path image) throws IOException {
      try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
        byte[] before = new byte[bytes.length];
        long position = unit == 0 ? at : file.length() / unit * unit - at;
        file.seek(position);
        file.readFully(before);
        file.seek(position);
        file.write(bytes);
        return before;
      }
    }
  }

  private static final Map<String, Mark> MARKS = new LinkedHashMap<>();

  private static void mark(String name, long unit, long at, String bytes) {
    MARKS.put(name, new Mark(unit, at, bytes.getBytes(StandardCharsets.ISO_8859_1)));
  }

  static {
    MARKS.put("md 1.1", new Mark(0, 0, mdSuperblock(0)));
    MARKS.put("md 1.2", new Mark(0, 4096, mdSuperblock(8)));
    mark("md 1.0", 4096, 8192, "\u00fc\u004e\u002b\u00a9");
    mark("md 0.90", 65536, 65536, "\u00fc\u004e\u002b\u00a9");
    mark("LUKS", 0, 0, "LUKS\u00ba\u00be\0\1");
    mark("LUKS2's second header", 0, 0x4000, "SKUL\u00ba\u00be\0\2");
    mark("LVM", 0, 512, "LABELONE");
    mark("bcache", 0, 4096 + 24, "\u00c6\u0085\u0073\u00f6\u004e\u001a\u0045\u00ca");
    mark("bcachefs", 0, 4096 + 24, "\u00c6\u0085\u0073\u00f6\u0066\u00ce\u0090\u00a9");
    mark("ZFS, first label", 0, 132 << 10, "\f\u00b1\u00ba\0\0\0\0\0");
    mark("ZFS, last label", 256 << 10, 124 << 10, "\f\u00b1\u00ba\0\0\0\0\0");
    mark("DRBD 8", 1, 4096 - 60, "\u0083\u0074\u0002\u006b");
    mark("DRBD 9", 1, 4096 - 60, "\u0083\u0074\u0002\u006d");
    mark("BitLocker", 0, 3, "-FVE-FS-");
    mark("VDO", 0, 0, "dmvdo001");
    mark("Stratis", 0, 516, "!Stra0tis\u0086\u00ff\u0002^Arh");
    mark("Intel RAID", 512, 1024, "Intel Raid ISM Cfg Sig. 1.0.00");
    mark("DDF RAID", 512, 512, "\u00de\u0011\u00de\u0011");
    mark("Silicon RAID", 512, 512 - 0x60, "\0\0\0\u002f");
    mark("Promise RAID", 512, 63 * 512, "Promise Technology, Inc.");
    mark("NVIDIA RAID", 512, 1024, "NVIDIA  ");
    mark("LSI RAID", 512, 512, "$XIDE$");
    mark("Adaptec RAID", 512, 512, "\u0037\u00fc\u004d\u001e");
    mark("GEOM", 512, 512, "GEOM::MIRROR");
    mark("Ceph BlueStore", 0, 0, "bluestore block device\n");
    mark("APFS", 0, 32, "NXSB");
    mark("ReFS", 0, 0, "\0\0\0ReFS\0\0\0\0");
    mark("btrfs", 0, 65536 + 64, "_BHRfS_M");
    mark("XFS", 0, 0, "XFSB");
    mark("swap", 0, 4086, "SWAPSPACE2");
  }

  @TempDir Path folder;
  private Store store;
  private long seed;

  /** What md makes of version 1, as blkid believes it: with its checksum. */
  private static byte[] mdSuperblock(long sector) {
    ByteBuffer block = ByteBuffer.allocate(258).order(ByteOrder.LITTLE_ENDIAN);
    block.putInt(0, 0xa92b4efc).putInt(4, 1).putLong(16, 0x0123456789abcdefL).put(32, (byte) 'a');
    block.putLong(80, 2048).putInt(92, 1).putLong(128, 4096).putLong(136, 2048);
    block.putLong(144, sector).putLong(168, 99).putInt(220, 1);
    long sum = block.getShort(256) & 0xffff;
    for (int at = 0; at < 256; at += 4) {
      sum += block.getInt(at) & 0xffffffffL;
    }
    block.putInt(216, (int) ((sum & 0xffffffffL) + (sum >>> 32)));
    return block.array();
  }

  @org.junit.jupiter.api.AfterEach
  void close() {
    store.close();
  }

  @BeforeEach
  void create() {
    store = Store.openOrCreate(folder.resolve("store"));
  }

  private Path make(Made made) throws IOException {
    Path image = Volumes.blank(folder.resolve(made.name()), made.mib() * MIB);
    List<Object> words = new ArrayList<>(Arrays.asList((Object[]) made.command().split(" ")));
    Tool tool = Tool.named(words.remove(0).toString());
    words.add(image);
    tool.run(words.toArray());
    return image;
  }

  private Path copy(Path image) throws IOException {
    Path copy = folder.resolve("copy");
    Tool.named("cp").run("--sparse=always", image, copy);
    return copy;
  }

  /** Noise in the middle of what the file system calls free. */
  private void putForeignData(Path image) throws IOException {
    long middle;
    try (SkipFreeSource source = UsedBlocks.skipFree(FileSource.open(image))) {
      assertThat(source.usedBlocks().areas().get(0).reason()).isEmpty();
      middle = source.size() * 5 / 8;
      while (source.usedBlocks().isUsed(middle)) {
        middle += 4096;
      }
    }
    byte[] noise = new byte[1 << 16];
    new Random(++seed).nextBytes(noise);
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.seek(middle / 4096 * 4096);
      file.write(noise, 0, (int) Math.min(noise.length, file.length() - file.getFilePointer()));
    }
  }

  /** Captures it without what is free, and restores it; what was not captured is left out. */
  private Path through(Path image, UsedBlocks[] used) throws IOException {
    Path target = folder.resolve("restored");
    Files.deleteIfExists(target);
    try (SkipFreeSource source = UsedBlocks.skipFree(FileSource.open(image))) {
      used[0] = source.usedBlocks();
      Manifest manifest =
          store.capture(source, "x", CaptureOptions.defaults(), Task.unwatched()).manifest();
      store.restore(manifest, target, RestoreOptions.defaults(), Task.unwatched());
    }
    return target;
  }

  @Test
  void whatCarriesASecondSignatureIsCapturedWhole() throws IOException {
    int every = Effort.of("blksh.signatures", 83, 1);
    int turn = 0;
    UsedBlocks[] used = new UsedBlocks[1];
    for (Made made : FILE_SYSTEMS) {
      Path image = make(made);
      putForeignData(image);
      for (Map.Entry<String, Mark> mark : MARKS.entrySet()) {
        boolean own = made.name().startsWith(mark.getKey().toLowerCase(java.util.Locale.ROOT));
        if (own) {
          continue;
        }
        byte[] before = mark.getValue().write(image);
        String what = mark.getKey() + " over " + made.name();
        try (FileSource source = FileSource.open(image)) {
          UsedBlocks found = UsedBlocks.of(source);
          assertThat(found.freeBytes()).as(what).isZero();
          assertThat(found.areas().get(0).reason()).as(what).isNotEmpty();
        }
        if (turn++ % every == 0) {
          Path restored = through(image, used);
          assertThat(Files.mismatch(image, restored)).as(what).isEqualTo(-1);
        }
        new Mark(mark.getValue().unit(), mark.getValue().at(), before).write(image);
      }
      Files.delete(image);
    }
  }

  /** And where nothing else is, what is free is left out, and the rest is whole. */
  @Test
  void aFileSystemAloneIsCapturedWithoutItsFreeSpaceAndPassesItsCheck() throws IOException {
    UsedBlocks[] used = new UsedBlocks[1];
    for (Made made : FILE_SYSTEMS) {
      Path image = make(made);
      putForeignData(image);
      Path restored = through(image, used);
      assertThat(used[0].areas().get(0).reason()).as(made.name()).isEmpty();
      assertThat(used[0].freeBytes()).as(made.name()).isPositive();
      assertThat(Files.mismatch(image, restored)).as(made.name()).isNotEqualTo(-1);
      List<Object> words = new ArrayList<>(Arrays.asList((Object[]) made.check().split(" ")));
      Tool tool = Tool.named(words.remove(0).toString());
      words.add(restored);
      tool.run(words.toArray());
      Files.delete(image);
    }
  }

  /** What blkid finds where the bytes are written as a whole, and what the real tools leave. */
  @Test
  void agreesWithBlkidAndCryptsetup() throws IOException {
    Path image = make(FILE_SYSTEMS.get(0));
    for (String version : List.of("md 1.1", "md 1.2")) {
      Path marked = copy(image);
      MARKS.get(version).write(marked);
      assertThat(Tool.named("blkid").attempt("-p", marked).output())
          .containsAnyOf("linux_raid_member", "ambivalent");
      try (FileSource source = FileSource.open(marked)) {
        assertThat(UsedBlocks.of(source).doubts()).contains("md RAID");
      }
    }
    if (Tool.isThere("cryptsetup")) {
      Path key = Files.write(folder.resolve("key"), new byte[32]);
      Path luks = Files.copy(image, folder.resolve("luks"), StandardCopyOption.REPLACE_EXISTING);
      Tool.named("cryptsetup")
          .run(
              "-q",
              "luksFormat",
              "--type",
              "luks2",
              "--pbkdf",
              "pbkdf2",
              "--pbkdf-force-iterations",
              1000,
              luks,
              key);
      try (FileSource source = FileSource.open(luks)) {
        assertThat(UsedBlocks.of(source).doubts()).contains("LUKS");
      }
    }
  }

  /** An array around a partitioned disk is told by the disk's own end. */
  @Test
  void anArrayAroundAPartitionedDiskIsCapturedWhole() throws IOException {
    Path disk = Volumes.blank(folder.resolve("disk"), 80 * MIB);
    Path image = make(FILE_SYSTEMS.get(0));
    Path table =
        Files.writeString(folder.resolve("table"), "label: dos\nstart=2048, size=139264\n");
    Tool.named("sh").run("-c", "sfdisk -q \"$0\" < \"$1\"", disk, table);
    Tool.named("dd")
        .run("if=" + image, "of=" + disk, "bs=1M", "seek=1", "conv=notrunc", "status=none");
    try (FileSource source = FileSource.open(disk)) {
      assertThat(UsedBlocks.of(source).freeBytes()).isPositive();
    }
    MARKS.get("Intel RAID").write(disk);
    try (FileSource source = FileSource.open(disk)) {
      assertThat(UsedBlocks.of(source).freeBytes()).isZero();
      assertThat(UsedBlocks.of(source).doubts()).contains("Intel RAID");
    }
  }
}
