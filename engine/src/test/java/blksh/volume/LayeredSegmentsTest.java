package blksh.volume;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static blksh.kit.Reading.list;
import static blksh.kit.Reading.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.FaultySource;
import blksh.block.MappedSource.Layout;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import blksh.kit.Effort;
import blksh.kit.Lvm;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Thin volumes, snapshots and mirrors: their text is accepted and written by LVM2's own tools, the
 * metadata of pools is made by thin_restore. The stores of snapshots and the superblocks of
 * mirrors, which only the kernel makes, are written here by its layout of them.
 */
class LayeredSegmentsTest {

  private static final int PV = 48 * MIB;
  private static final int CHUNK = 64 * KIB;

  /** What the checksums of a pool's superblock and nodes are mixed with. */
  private static final int SUPERBLOCK_SALT = 160774;

  private static final int NODE_SALT = 121107;

  @TempDir Path folder;

  /** Where an extent is on the physical volume. */
  private static int at(int extent) {
    return MIB + extent * MIB;
  }

  private static String volume(String name, int number, boolean visible, int extents, String text) {
    return """
        %s {
        id = "KuTym6-OqUn-qPNi-5cM8-XL5e-2tV6-Bo3a%02d"
        status = ["READ", "WRITE"%s]
        flags = []
        creation_time = 1796049001
        creation_host = "vm"
        segment_count = 1
        segment1 {
        start_extent = 0
        extent_count = %d
        %s
        }
        }
        """
        .formatted(name, number, visible ? ", \"VISIBLE\"" : "", extents, text);
  }

  private static String linear(int start) {
    return "type = \"striped\"\nstripe_count = 1\nstripes = [\"pv0\", %d]".formatted(start);
  }

  /** What LVM2 wrote; tests put what the volumes hold into copies of it. */
  private static byte[] made;

  /** A group that has more volumes than LVM2 makes without the kernel: it is told to restore it. */
  @BeforeAll
  static void make(@TempDir Path folder) throws IOException {
    Path one = Volumes.blank(folder.resolve("one"), PV);
    try (Lvm lvm = Lvm.over(folder, one)) {
      lvm.run("pvcreate", lvm.device(0));
      lvm.run("vgcreate", "-s", "1M", "vg", lvm.device(0));
      lvm.run("lvcreate", "-an", "-Zn", "-Wn", "-L2M", "-nlin", "vg");
      Path text = folder.resolve("text");
      lvm.run("vgcfgbackup", "-f", text, "vg");
      String begin = "logical_volumes {";
      String more = begin + "\n" + String.join("", THIN) + String.join("", OTHERS);
      Files.writeString(text, Files.readString(text).replace(begin, more));
      lvm.run("vgcfgrestore", "--force", "-f", text, "vg");
    }
    made = Files.readAllBytes(one);
  }

  private static InnerVolume volume(byte[] disk, String name) {
    VolumeSet set = VolumeSet.on(List.of(new ByteArraySource("disk", disk)));
    return set.volume("vg/" + name).orElseThrow();
  }

  private static byte[] bytes(byte[] disk, String name) {
    InnerVolume volume = volume(disk, name);
    try (BlockSource source = volume.open(() -> {})) {
      return read(source, 0, (int) source.size());
    }
  }

  private static final String POOL =
      """
      type = "thin-pool"
      metadata = "pool_tmeta"
      pool = "pool_tdata"
      transaction_id = 5
      chunk_size = 128
      discards = "passdown"
      zero_new_blocks = 1""";

  private static String thin(int device) {
    return "type = \"thin\"\nthin_pool = \"pool\"\ntransaction_id = 0\ndevice_id = " + device;
  }

  private static final String[] THIN = {
    volume("pool_tdata", 1, false, 8, linear(10)),
    volume("pool_tmeta", 2, false, 2, linear(20)),
    volume("pool", 3, true, 8, POOL),
    volume("one", 4, true, 24, thin(1)),
    volume("two", 5, true, 16, thin(2)),
    volume("over", 6, true, 4, thin(3) + "\nexternal_origin = \"lin\""),
    volume("unborn", 7, true, 4, thin(9))
  };

  private static final String LEGS =
      "raids = [\"r_rmeta_0\", \"r_rimage_0\", \"r_rmeta_1\", \"r_rimage_1\"]";

  private static final String[] OTHERS = {
    volume("base", 11, true, 2, linear(3)),
    volume("snap", 12, true, 1, linear(30)),
    volume("snapshot0", 13, false, 2, snapshot("base", "cow_store = \"snap\"")),
    volume("merged", 14, true, 2, linear(5)),
    volume("merging", 15, true, 1, linear(31)),
    volume("snapshot1", 16, false, 2, snapshot("merged", "merging_store = \"merging\"")),
    volume("r_rmeta_0", 21, false, 1, linear(33)),
    volume("r_rimage_0", 22, false, 2, linear(34)),
    volume("r_rmeta_1", 23, false, 1, linear(37)),
    volume("r_rimage_1", 24, false, 2, linear(38)),
    volume("r", 25, true, 2, "type = \"raid1\"\ndevice_count = 2\nregion_size = 1024\n" + LEGS)
  };

  private static String snapshot(String origin, String store) {
    return "type = \"snapshot\"\nchunk_size = 8\norigin = \"%s\"\n%s".formatted(origin, store);
  }

  private static byte[] thinDisk() {
    byte[] disk = made.clone();
    System.arraycopy(random(8 * MIB, 1), 0, disk, at(10), 8 * MIB);
    System.arraycopy(random(2 * MIB, 2), 0, disk, at(0), 2 * MIB);
    return disk;
  }

  /** Blocks of the first volume, one in five left out: so many that their tree has levels. */
  private static int[] scattered() {
    return IntStream.range(0, 300).map(i -> i + i / 4).toArray();
  }

  /** Where in the pool they are; some are shared, as with a snapshot. */
  private static int inPool(int number) {
    return 119 - number % 120;
  }

  private void putMetadata(byte[] disk, String xml) throws IOException {
    Path text = Files.writeString(folder.resolve("xml"), xml);
    Path metadata = Volumes.blank(folder.resolve("metadata"), 2 * MIB);
    Tool.named("thin_restore").run("-i", text, "-o", metadata);
    Tool.named("thin_check").run(metadata);
    System.arraycopy(Files.readAllBytes(metadata), 0, disk, at(20), 2 * MIB);
  }

  private static String pool(int[] blocks) {
    StringBuilder xml =
        new StringBuilder(
            "<superblock uuid=\"\" time=\"1\" transaction=\"5\" version=\"2\""
                + " data_block_size=\"128\" nr_data_blocks=\"128\">\n");
    xml.append("<device dev_id=\"1\" mapped_blocks=\"%d\"".formatted(blocks.length));
    xml.append(" transaction=\"0\" creation_time=\"0\" snap_time=\"0\">\n");
    for (int i = 0; i < blocks.length; i++) {
      xml.append(
          "<single_mapping origin_block=\"%d\" data_block=\"%d\" time=\"0\"/>\n"
              .formatted(blocks[i], inPool(i)));
    }
    xml.append("</device>\n<device dev_id=\"2\" mapped_blocks=\"0\" transaction=\"0\"");
    xml.append(" creation_time=\"0\" snap_time=\"0\"></device>\n");
    xml.append("<device dev_id=\"3\" mapped_blocks=\"2\" transaction=\"0\"");
    xml.append(" creation_time=\"0\" snap_time=\"0\">\n");
    xml.append("<range_mapping origin_begin=\"31\" data_begin=\"122\" length=\"2\" time=\"1\"/>");
    return xml.append("</device>\n</superblock>\n").toString();
  }

  @Test
  void thinVolumesHaveWhatThePoolHasForThemAndZerosElsewhere() throws IOException {
    byte[] disk = thinDisk();
    int[] blocks = scattered();
    putMetadata(disk, pool(blocks));
    byte[] expected = new byte[24 * MIB];
    for (int i = 0; i < blocks.length; i++) {
      int from = at(10) + inPool(i) * CHUNK;
      System.arraycopy(disk, from, expected, blocks[i] * CHUNK, CHUNK);
    }
    assertThat(volume(disk, "one").layoutName()).isEqualTo("thin");
    assertThat(bytes(disk, "one")).isEqualTo(expected);
    assertThat(bytes(disk, "two")).isEqualTo(new byte[16 * MIB]);
    byte[] over = new byte[4 * MIB];
    System.arraycopy(disk, at(0), over, 0, 2 * MIB);
    System.arraycopy(disk, at(10) + 122 * CHUNK, over, 31 * CHUNK, 2 * CHUNK);
    assertThat(bytes(disk, "over")).isEqualTo(over);
    try (BlockSource one = volume(disk, "one").open(() -> {})) {
      long data =
          list(one.extents()).stream()
              .filter(extent -> extent.kind() == Extent.Kind.DATA)
              .mapToLong(Extent::length)
              .sum();
      assertThat(data).isEqualTo((long) blocks.length * CHUNK);
    }
    assertThat(volume(disk, "unborn").problem())
        .isEqualTo("its pool has no volume 9: it was never activated since it was made");
    assertThat(VolumeSet.on(List.of(new ByteArraySource("disk", disk))).volume("vg/pool"))
        .isEmpty();
  }

  @Test
  void damagedMetadataOfAPoolIsNeverZeros() throws IOException {
    byte[] disk = thinDisk();
    putMetadata(disk, pool(scattered()));
    byte[] expected = bytes(disk, "one");
    disk[at(20) + 48] ^= 1;
    assertThat(volume(disk, "one").problem()).isEqualTo("the superblock of its pool is damaged");
    disk[at(20) + 48] ^= 1;
    int damaged = 0;
    for (int block = 1; block < 12; block++) {
      disk[at(20) + block * 4096 + 40] ^= 1;
      InnerVolume one = volume(disk, "one");
      if (!one.problem().isEmpty()) {
        assertThat(one.problem()).contains("is damaged");
        damaged++;
      } else {
        try (BlockSource source = one.open(() -> {})) {
          // else it is a map of space, or of another volume
          for (int at = 0; at < expected.length; at += CHUNK) {
            assertThat(read(source, at, 512)).isEqualTo(Arrays.copyOfRange(expected, at, at + 512));
          }
        } catch (UnreadableException e) {
          assertThat(e.problem()).contains("is damaged");
          damaged++;
        }
      }
      disk[at(20) + block * 4096 + 40] ^= 1;
    }
    assertThat(damaged).isBetween(3, 6);
    little(disk, at(20) + 48, 8).putLong(6);
    seal(disk, at(20), SUPERBLOCK_SALT);
    assertThat(volume(disk, "one").problem())
        .isEqualTo("its pool is in transaction 6, and its group in 5");
  }

  /** Gives a block of a pool's metadata the checksum that fits. */
  private static void seal(byte[] disk, int at, int salt) {
    CRC32C crc = new CRC32C();
    crc.update(disk, at + 4, 4092);
    little(disk, at, 4).putInt(~(int) crc.getValue() ^ salt);
  }

  /** Whatever the trees of a pool say, it ends in a reason or in bytes, and soon. */
  @Test
  void anyTreeEndsInAReasonOrInBytes() throws IOException {
    byte[] disk = thinDisk();
    putMetadata(disk, pool(scattered()));
    Random random = new Random(8);
    int read = 0;
    for (int round = 0; round < Effort.of("blksh.pools", 80, 100_000); round++) {
      int block = random.nextInt(12);
      int begin = at(20) + block * 4096;
      byte[] was = Arrays.copyOfRange(disk, begin, begin + 4096);
      int salt = block == 0 ? SUPERBLOCK_SALT : NODE_SALT;
      for (int i = random.nextInt(3); i >= 0; i--) {
        int field = 4 + random.nextInt(random.nextBoolean() ? 60 : 4092);
        disk[begin + field] = (byte) (random.nextBoolean() ? random.nextInt(256) : 0);
      }
      seal(disk, begin, salt);
      InnerVolume one = volume(disk, "one");
      if (one.problem().isEmpty()) {
        try (BlockSource source = one.open(() -> {})) {
          for (int i = 0; i < 4; i++) {
            read(source, random.nextInt(24 * MIB), CHUNK);
            read++;
          }
        } catch (UnreadableException e) {
          assertThat(e.getMessage()).isNotEmpty();
        }
      }
      System.arraycopy(was, 0, disk, begin, 4096);
    }
    assertThat(read).isPositive();
  }

  private static ByteBuffer little(byte[] bytes, int at, int length) {
    return ByteBuffer.wrap(bytes, at, length).slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void aSnapshotIsWhatItsOriginWas() {
    byte[] disk = made.clone();
    assertThat(volume(disk, "snap").problem())
        .isEqualTo(
            "the store of this snapshot has no header: it was never activated since it was made");
    byte[] now = random(2 * MIB, 4);
    byte[] then = now.clone();
    System.arraycopy(now, 0, disk, at(3), 2 * MIB);
    // magic "SnAp", valid, version 1, chunks of 8 sectors; then a table of 256 chunks, and those
    little(disk, at(30), 16).putInt(0x70416e53).putInt(1).putInt(1).putInt(8);
    ByteBuffer table = little(disk, at(30) + 4096, 4096);
    int store = 2;
    int[] changed = {3, 4, 100, 511};
    for (int chunk : changed) {
      byte[] old = random(4096, chunk);
      System.arraycopy(old, 0, then, chunk * 4096, 4096);
      System.arraycopy(old, 0, disk, at(30) + store * 4096, 4096);
      table.putLong(chunk).putLong(store++);
    }
    InnerVolume snapshot = volume(disk, "snap");
    assertThat(snapshot.layoutName()).isEqualTo("snapshot");
    assertThat(snapshot.size()).isEqualTo(2 * MIB);
    assertThat(bytes(disk, "snap")).isEqualTo(then);
    assertThat(bytes(disk, "base")).isEqualTo(now);
    table.putLong(8, 1 << 20);
    try (BlockSource source = volume(disk, "snap").open(() -> {})) {
      assertThatThrownBy(() -> read(source, 0, 4096))
          .isInstanceOf(UnreadableException.class)
          .hasMessageContaining("makes no sense");
    }
    little(disk, at(30), 16).putInt(4, 0);
    assertThat(volume(disk, "snap").problem())
        .isEqualTo("this snapshot was given up: its store was full");
  }

  /** A disk that is in use where it is. */
  private record Used(ByteArraySource disk) implements BlockSource {

    @Override
    public Optional<List<Extent>> written() {
      return Optional.of(List.of(new Extent(0, size(), Extent.Kind.DATA)));
    }

    @Override
    public long size() {
      return disk.size();
    }

    @Override
    public int read(long position, ByteBuffer target) {
      return disk.read(position, target);
    }

    @Override
    public SourceInfo describe() {
      return disk.describe();
    }

    @Override
    public void close() {}
  }

  @Test
  void ofASnapshotOfWhatIsInUseIsToldThatItMayChange() {
    byte[] disk = made.clone();
    little(disk, at(30), 16).putInt(0x70416e53).putInt(1).putInt(1).putInt(8);
    ByteArraySource quiet = new ByteArraySource("disk", disk);
    for (BlockSource source : List.of(quiet, new Used(quiet))) {
      boolean used = source != quiet;
      VolumeSet set = VolumeSet.on(List.of(source));
      assertThat(set.warnings().contains(IN_USE)).isEqualTo(used);
      try (BlockSource snapshot = set.volume("vg/snap").orElseThrow().open(() -> {});
          BlockSource plain = set.volume("vg/base").orElseThrow().open(() -> {})) {
        assertThat(snapshot.twoInstants().isPresent()).isEqualTo(used);
        assertThat(plain.twoInstants()).isEmpty();
      }
    }
  }

  private static final String IN_USE =
      "what vg/snap lies on is in use, and may change meanwhile: read the kernel's /dev/vg/snap"
          + " instead";

  @Test
  void snapshotsTakeNoMoreMemoryThanThereIsForAllOfASet() throws VolumeProblem {
    byte[] store = new byte[MIB];
    little(store, 0, 16).putInt(0x70416e53).putInt(1).putInt(1).putInt(8);
    little(store, 4096, 16).putLong(0).putLong(2);
    ByteArraySource origin = new ByteArraySource("origin", random(MIB, 7));
    MemoryAllowance memory = new MemoryAllowance();
    int read = 0;
    assertThat(memory.take((96 << 20) - (20 << 10))).isTrue(); // and 1024 of 16 bytes are left
    for (int i = 0; i < 300; i++) {
      ByteArraySource chunks = new ByteArraySource("store", store);
      Layout snapshot = new SnapshotStore(chunks, 4096, memory).over(Layouts.range(origin, 0, MIB));
      try {
        assertThat(snapshot.at(0).source()).isSameAs(chunks);
        read++;
      } catch (UnreadableException e) {
        assertThat(e).hasMessageContaining("open it alone");
      }
    }
    assertThat(read).as("each keeps one entry, and takes a thousand first").isEqualTo(257);
  }

  @Test
  void aSnapshotThatIsBeingMergedIsRefusedAndItsOriginToo() {
    for (String each : List.of("merged", "merging")) {
      assertThat(volume(made, each).problem()).isEqualTo("a snapshot of it is being merged");
    }
  }

  private static void leg(
      byte[] disk, int extent, int number, long events, long failed, long done) {
    little(disk, at(extent), 48)
        .putInt(0, 0x64526d44)
        .putInt(8, 2)
        .putInt(12, number)
        .putLong(16, events)
        .putLong(24, failed)
        .putLong(32, done)
        .putLong(40, -1);
  }

  @Test
  void aMirrorIsReadFromALegThatIsUpToDate() {
    byte[] disk = made.clone();
    byte[] first = random(2 * MIB, 5);
    byte[] second = random(2 * MIB, 6);
    System.arraycopy(first, 0, disk, at(34), 2 * MIB);
    System.arraycopy(second, 0, disk, at(38), 2 * MIB);
    assertThat(volume(disk, "r").problem())
        .isEqualTo("r_rmeta_0 has no superblock: it was never activated since it was made");
    leg(disk, 33, 0, 9, 0, -1);
    leg(disk, 37, 1, 9, 0, -1);
    assertThat(bytes(disk, "r")).isEqualTo(first);
    leg(disk, 37, 1, 10, 0, -1);
    assertThat(bytes(disk, "r")).as("the first was left behind").isEqualTo(second);
    assertThat(volume(disk, "r").layoutName()).isEqualTo("raid1, 1 of 2 legs");
    leg(disk, 33, 0, 10, 2, -1);
    assertThat(bytes(disk, "r")).as("the second failed").isEqualTo(first);
    leg(disk, 33, 0, 10, 0, 4096);
    assertThat(bytes(disk, "r")).as("the first was being rebuilt").isEqualTo(second);
    leg(disk, 37, 1, 10, 0, 0);
    assertThat(volume(disk, "r").problem()).isEqualTo("none of its legs can be used");
    assertThat(volume(disk, "lin").problem()).isEmpty();
    leg(disk, 33, 0, 10, 0, -1);
    leg(disk, 37, 1, 10, 0, -1);
    ByteArraySource whole = new ByteArraySource("disk", disk);
    FaultySource bad = new FaultySource(whole).unreadable(at(34) + 4096, 512);
    try (BlockSource both =
        VolumeSet.on(List.of(bad)).volume("vg/r").orElseThrow().open(() -> {})) {
      assertThat(read(both, 4096, 512)).isEqualTo(Arrays.copyOfRange(second, 4096, 4608));
    }
    little(disk, at(33) + 40, 8).putLong(0);
    InnerVolume alone = VolumeSet.on(List.of(bad)).volume("vg/r").orElseThrow();
    assertThat(alone.layoutName()).isEqualTo("raid1, 1 of 2 legs");
    try (BlockSource one = alone.open(() -> {})) {
      assertThatThrownBy(() -> read(one, 4096, 512))
          .as("what the second has there never agreed")
          .isInstanceOf(UnreadableException.class);
    }
    FaultySource unknown = new FaultySource(whole).unreadable(at(33), 512);
    assertThat(VolumeSet.on(List.of(unknown)).volume("vg/r").orElseThrow().problem())
        .as("it may be the newer leg")
        .startsWith("what is noted of its leg 0 cannot be read");
  }
}
