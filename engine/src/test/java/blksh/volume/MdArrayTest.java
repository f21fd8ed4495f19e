package blksh.volume;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static blksh.kit.Reading.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.io.UnreadableException;
import blksh.kit.Effort;
import blksh.kit.Lvm;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Arrays whose superblocks are written here by the layout that the kernel documents, with mdadm as
 * their judge, and whose chunks lie as md(4) and its drawings have them.
 */
class MdArrayTest {

  private static final int CHUNK = 64 * KIB;
  private static final int DISK = 2 * MIB;
  private static final int START = 256 * KIB;
  private static final int ROWS = 12;
  private static final int USED = ROWS * CHUNK;
  private static final String UUID = "00010203:04050607:08090a0b:0c0d0e0f";

  @TempDir Path folder;

  /** How the members of an array are written. */
  private static final class Recipe {
    String version = "1.2";
    int level;
    int layout;
    int features;
    long resync = -1;
    long[] events = new long[0];
    int[] roles = new int[0];
    int members;
    int uuid;

    /** Of version 0.90. */
    ByteOrder order = ByteOrder.LITTLE_ENDIAN;

    /**
     * Sectors of the data of the first member that could not be written; 0 where there are none.
     */
    int bad;

    /** How large the list of those is, in sectors. */
    int list = 8;

    /** Which member has which chunk, row by row, a P for parity and a Q for the other code. */
    byte[][] disks(String table, byte[] content) {
      String[] rows = table.split("/");
      members = rows[0].strip().split(" +").length;
      byte[][] disks = new byte[members][DISK];
      int perTable =
          (int)
              Arrays.stream(table.split("[/ ]+")).filter(s -> s.matches("\\d+")).distinct().count();
      for (int row = 0; row < ROWS; row++) {
        String[] cells = rows[row % rows.length].strip().split(" +");
        byte[] parity = new byte[CHUNK];
        for (int i = 0; i < members; i++) {
          byte[] chunk = random(CHUNK, 1000L * row + i); // of a Q
          if (cells[i].matches("\\d+")) {
            int number = Integer.parseInt(cells[i]) + row / rows.length * perTable;
            chunk = Arrays.copyOfRange(content, number * CHUNK, (number + 1) * CHUNK);
            for (int k = 0; k < CHUNK; k++) {
              parity[k] ^= chunk[k];
            }
          }
          System.arraycopy(chunk, 0, disks[i], start() + row * CHUNK, CHUNK);
        }
        for (int i = 0; i < members; i++) {
          if (cells[i].equals("P")) {
            System.arraycopy(parity, 0, disks[i], start() + row * CHUNK, CHUNK);
          }
        }
      }
      for (int i = 0; i < members; i++) {
        seal(disks[i], i);
      }
      return disks;
    }

    int start() {
      return version.equals("1.2") || version.equals("1.1") ? START : 0;
    }

    void seal(byte[] disk, int number) {
      if (version.equals("0.90")) {
        old(disk, number);
      } else {
        superblock(disk, number);
      }
    }

    private void superblock(byte[] disk, int number) {
      int at =
          switch (version) {
            case "1.0" -> (disk.length / 512 - 16) / 8 * 8 * 512;
            case "1.1" -> 0;
            default -> 4096;
          };
      ByteBuffer block = ByteBuffer.wrap(disk, at, 4096).slice().order(ByteOrder.LITTLE_ENDIAN);
      block.putInt(0, 0xa92b4efc).putInt(4, 1).putInt(8, features);
      for (int i = 0; i < 16; i++) {
        block.put(16 + i, (byte) (i + uuid));
      }
      block.put(32, "host:data".getBytes(StandardCharsets.US_ASCII));
      block.putInt(72, level).putInt(76, layout).putLong(80, level == 0 ? 0 : USED / 512);
      block.putInt(88, level == 1 ? 0 : CHUNK / 512).putInt(92, members);
      block.putLong(128, start() / 512).putLong(136, USED / 512).putLong(144, at / 512);
      block.putInt(160, number).put(168, (byte) (number + 1));
      block.putLong(200, number < events.length ? events[number] : 7).putLong(208, resync);
      block.putInt(220, 8);
      for (int i = 0; i < 8; i++) {
        int role = i < roles.length ? roles[i] : i < members ? i : 0xffff;
        block.putShort(256 + 2 * i, (short) role);
      }
      if (bad > 0 && number == 0) { // the list counts sectors of the device, not of its data
        block.putInt(8, features | 8).putShort(186, (short) list).putInt(188, 8);
        ByteBuffer list = ByteBuffer.wrap(disk, at + 4096, 4096).slice();
        list.order(ByteOrder.LITTLE_ENDIAN).putLong((start() / 512L + 100) << 10 | bad).putLong(-1);
      }
      block.putInt(216, 0);
      long sum = 0;
      for (int i = 0; i < 256 + 16; i += 4) {
        sum += block.getInt(i) & 0xffffffffL;
      }
      block.putInt(216, (int) ((sum & 0xffffffffL) + (sum >>> 32)));
    }

    private void old(byte[] disk, int number) {
      int at = disk.length / (64 * KIB) * (64 * KIB) - 64 * KIB;
      ByteBuffer block = ByteBuffer.wrap(disk, at, 4096).slice().order(order);
      block.putInt(0, 0xa92b4efc).putInt(8, 90);
      block.putInt(20, 0x00010203).putInt(52, 0x04050607).putInt(56, 0x08090a0b);
      block.putInt(60, 0x0c0d0e0f).putInt(28, level).putInt(32, USED / 1024);
      block.putInt(36, members).putInt(40, members).putInt(44, 3).putInt(132, 1);
      boolean big = order == ByteOrder.BIG_ENDIAN; // then the higher half of the events is first
      block.putInt(big ? 160 : 156, number < events.length ? (int) events[number] : 7);
      block.putInt(256, layout).putInt(260, level == 1 ? 0 : CHUNK);
      for (int i = 0; i < members; i++) {
        int entry = 512 + 128 * i;
        block.putInt(entry, i).putInt(entry + 12, i).putInt(entry + 16, 6);
      }
      block.putInt(3968, number).putInt(3980, number).putInt(3984, 6);
      block.putInt(152, 0);
      long sum = 0;
      for (int i = 0; i < 4096; i += 4) {
        sum += block.getInt(i) & 0xffffffffL;
      }
      block.putInt(152, (int) ((sum & 0xffffffffL) + (sum >>> 32)));
    }
  }

  private static Recipe recipe(int level, int layout) {
    Recipe recipe = new Recipe();
    recipe.level = level;
    recipe.layout = layout;
    return recipe;
  }

  private static VolumeSet set(byte[][] disks, Integer... without) {
    List<BlockSource> sources = new ArrayList<>();
    for (int i = 0; i < disks.length; i++) {
      if (!List.of(without).contains(i)) {
        sources.add(new ByteArraySource("disk" + i, disks[i]));
      }
    }
    return VolumeSet.on(sources);
  }

  private static byte[] bytes(InnerVolume array) {
    try (BlockSource source = array.open(() -> {})) {
      return read(source, 0, (int) source.size() + 1);
    }
  }

  private static InnerVolume only(VolumeSet set) {
    assertThat(set.volumes()).hasSize(1);
    return set.volumes().get(0);
  }

  /** What mdadm says of the members, so that the recipe is right. */
  private void judge(byte[][] disks, String level, String layout) throws IOException {
    List<Object> arguments = new ArrayList<>(List.of("--examine"));
    for (int i = 0; i < disks.length; i++) {
      arguments.add(Files.write(folder.resolve("member" + i), disks[i]));
    }
    String said = Tool.named("mdadm").attempt(arguments.toArray()).output();
    String[] members = said.split("Magic : ");
    assertThat(members).hasSize(disks.length + 1);
    for (String member : Arrays.copyOfRange(members, 1, members.length)) {
      assertThat(member).contains(UUID).contains("- correct").contains("Raid Level : " + level);
      if (layout != null) {
        assertThat(member).containsPattern("Layout : " + layout.replace('_', ' '));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1.2, 0, 0, raid0, , 0 1 2/3 4 5, 0",
    "1.1, 4, 0, raid4, , 0 1 P/2 3 P, 1",
    "1.2, 5, 0, raid5, left-asymmetric, 0 1 P/2 P 3/P 4 5, 1",
    "1.2, 5, 1, raid5, right-asymmetric, P 0 1/2 P 3/4 5 P, 1",
    "1.0, 5, 2, raid5, left-symmetric, 0 1 P/3 P 2/P 4 5, 1",
    "0.90, 5, 2, raid5, left-symmetric, 0 1 P/3 P 2/P 4 5, 1",
    "1.2, 5, 3, raid5, right-symmetric, P 0 1/3 P 2/4 5 P, 1",
    "1.2, 5, 4, raid5, , P 0 1/P 2 3, 1",
    "1.2, 6, 2, raid6, left-symmetric, Q 0 1 P/2 3 P Q/5 P Q 4/P Q 6 7, 1",
    "1.2, 6, 1, raid6, right-asymmetric, P Q 0 1/2 P Q 3/4 5 P Q/Q 6 7 P, 1",
    "1.2, 6, 3, raid6, right-symmetric, P Q 0 1/3 P Q 2/4 5 P Q/Q 6 7 P, 1",
    "1.2, 6, 0, raid6, left-asymmetric, Q 0 1 P/2 3 P Q/4 P Q 5/P Q 6 7, 1",
    "0.90, 10, 0x102, raid10, near=2, 0 0 1 1, 1",
    "1.2, 10, 0x102, raid10, near=2, 0 0 1/1 2 2, 1",
    "1.2, 10, 0x10201, raid10, offset=2, 0 1 2/2 0 1, 1",
    "1.0, 1, 0, raid1, , 0 0 0, 2",
    "0.90, 1, 0, raid1, , 0 0, 1",
  })
  void everyLevelIsReadWholeAndWithoutWhatItCanSpare(
      String version,
      String level,
      String layout,
      String name,
      String words,
      String table,
      int spare)
      throws IOException {
    Recipe recipe = recipe(Integer.decode(level), Integer.decode(layout));
    recipe.version = version;
    byte[] content = random(4 * ROWS * CHUNK, 1);
    byte[][] disks = recipe.disks(table, content);
    judge(disks, name, words);
    InnerVolume whole = only(set(disks));
    assertThat(whole.name()).isEqualTo(version.equals("0.90") ? "md:3" : "md:data");
    assertThat(whole.uuid()).isEqualTo(UUID);
    long chunks =
        Arrays.stream(table.split("[/ ]+")).filter(s -> s.matches("\\d+")).distinct().count();
    long size = chunks * ROWS / table.split("/").length * CHUNK;
    assertThat(whole.size()).isEqualTo(size);
    byte[] expected = Arrays.copyOf(content, (int) size);
    assertThat(bytes(whole)).isEqualTo(expected);
    for (int lost = 0; lost < disks.length && spare > 0; lost++) {
      InnerVolume degraded = only(set(disks, lost));
      assertThat(degraded.problem()).isEmpty();
      assertThat(degraded.layoutName())
          .endsWith("%d of %d members".formatted(disks.length - 1, disks.length));
      assertThat(bytes(degraded)).as("without " + lost).isEqualTo(expected);
    }
    if (spare == 2) {
      assertThat(bytes(only(set(disks, 0, 2)))).isEqualTo(expected);
    } else if (!name.equals("raid1")) {
      Integer[] many = {0, 1};
      assertThat(only(set(disks, spare == 0 ? new Integer[] {1} : many)).problem())
          .containsAnyOf("missing");
    }
  }

  /** Of far copies in sets, each pair of disks has its own, as newer kernels lay them out. */
  @Test
  void copiesFarFromEachOtherInSetsAreRead() {
    String near = "0 1 2 3/4 5 6 7/8 9 10 11/12 13 14 15/16 17 18 19/20 21 22 23";
    String far = "1 0 3 2/5 4 7 6/9 8 11 10/13 12 15 14/17 16 19 18/21 20 23 22";
    byte[] content = random(24 * CHUNK, 20);
    byte[][] disks = recipe(10, 0x20201).disks(near + "/" + far, content);
    assertThat(bytes(only(set(disks)))).isEqualTo(content);
    assertThat(bytes(only(set(disks, 0, 2)))).isEqualTo(content);
    assertThat(only(set(disks, 0, 1)).problem()).isEqualTo("too many of its members are missing");
  }

  @Test
  void aSuperblockOfAMachineOfTheOtherByteOrderIsRead() {
    Recipe recipe = recipe(5, 2);
    recipe.version = "0.90";
    recipe.order = ByteOrder.BIG_ENDIAN;
    byte[] content = random(2 * ROWS * CHUNK, 21);
    byte[][] disks = recipe.disks("0 1 P/3 P 2/P 4 5", content);
    assertThat(only(set(disks)).uuid()).isEqualTo(UUID);
    assertThat(bytes(only(set(disks, 1)))).isEqualTo(content);
    recipe.events = new long[] {7, 9, 9};
    for (int i = 0; i < 3; i++) {
      recipe.seal(disks[i], i);
    }
    assertThat(set(disks).warnings().get(0)).contains("counts 7 events, and the newest 9");
  }

  /** The second half of each disk has what the disk before it has in the first. */
  @Test
  void copiesFarFromEachOtherAreRead() throws IOException {
    String near = "0 1 2/3 4 5/6 7 8/9 10 11/12 13 14/15 16 17";
    String far = "2 0 1/5 3 4/8 6 7/11 9 10/14 12 13/17 15 16";
    byte[] content = random(18 * CHUNK, 2);
    byte[][] disks = recipe(10, 0x201).disks(near + "/" + far, content);
    judge(disks, "raid10", "far=2");
    assertThat(bytes(only(set(disks)))).isEqualTo(content);
    for (int lost = 0; lost < 3; lost++) {
      assertThat(bytes(only(set(disks, lost)))).isEqualTo(content);
    }
  }

  @Test
  void aMemberLeftBehindIsNotUsedAndTold() {
    Recipe recipe = recipe(1, 0);
    recipe.events = new long[] {7, 40};
    byte[][] disks = recipe.disks("0 0", random(USED, 3));
    Arrays.fill(disks[0], START, START + USED, (byte) 9); // as it was then
    VolumeSet set = set(disks);
    assertThat(bytes(only(set))).isEqualTo(random(USED, 3));
    assertThat(set.warnings())
        .containsExactly(
            "disk0 was left behind: its superblock counts 7 events, and the newest 40: it is not"
                + " used in array md:data");
    recipe.events = new long[] {39, 40}; // stopped between two writes
    recipe.seal(disks[0], 0);
    recipe.seal(disks[1], 1);
    assertThat(set(disks).warnings()).isEmpty();
    recipe.roles = new int[] {0xfffe, 1};
    recipe.seal(disks[1], 1);
    assertThat(set(disks).warnings())
        .containsExactly("disk0 is a spare, or failed: it is not used in array md:data");
  }

  @Test
  void whatOneMemberCannotReadIsReadFromOthers() {
    byte[] content = random(2 * ROWS * CHUNK, 4);
    byte[][] disks = recipe(5, 2).disks("0 1 P/3 P 2/P 4 5", content);
    List<BlockSource> sources = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      sources.add(
          new FaultySource(new ByteArraySource("disk" + i, disks[i]))
              .unreadable(START + (2L * i + 1) * CHUNK + 1000, 3000));
    }
    assertThat(bytes(only(VolumeSet.on(sources)))).isEqualTo(content);
    FaultySource alone =
        new FaultySource(new ByteArraySource("disk0", disks[0])).unreadable(START + 4096, 512);
    InnerVolume degraded =
        only(VolumeSet.on(List.of(alone, new ByteArraySource("disk1", disks[1]))));
    try (BlockSource array = degraded.open(() -> {})) {
      assertThatThrownBy(() -> read(array, 0, CHUNK))
          .isInstanceOfSatisfying(
              UnreadableException.class, bad -> assertThat(bad.start()).isEqualTo(4096));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "4, it is being reshaped",
    "512, it has a journal",
    "0x8000, it has features that are not known (0x8000)",
  })
  void whatIsNotUnderstoodIsRefusedByName(String features, String problem) {
    Recipe recipe = recipe(5, 2);
    recipe.features = Integer.decode(features);
    byte[][] disks = recipe.disks("0 1 P/3 P 2/P 4 5", random(2 * ROWS * CHUNK, 5));
    InnerVolume array = only(set(disks));
    assertThat(array.problem()).startsWith(problem);
    assertThatThrownBy(() -> array.open(() -> {}))
        .isInstanceOf(BlkshException.class)
        .hasMessageStartingWith("cannot read array md:data: " + problem);
  }

  @Test
  void whatCannotBeTrustedIsRefused() {
    Recipe recipe = recipe(5, 2);
    recipe.resync = 0;
    byte[] content = random(2 * ROWS * CHUNK, 6);
    byte[][] disks = recipe.disks("0 1 P/3 P 2/P 4 5", content);
    assertThat(bytes(only(set(disks)))).isEqualTo(content);
    assertThat(only(set(disks, 1)).problem())
        .isEqualTo("a member is missing, and its parity may be older than its data");
    assertThat(only(set(new byte[][] {disks[0], disks[0], disks[1]})).problem())
        .isEqualTo("its member 0 is there more than once: disk0, disk1");
    byte[] damaged = disks[0].clone();
    damaged[4096 + 80] ^= 1;
    VolumeSet set = set(new byte[][] {damaged});
    assertThat(set.volumes()).isEmpty();
    assertThat(set.warnings())
        .containsExactly(
            "the member disk0 of an array is not used: its superblock at byte 4096 is damaged");
    for (int[] other : new int[][] {{7, 0}, {5, 17}, {10, 0x900ff}}) {
      assertThat(
              only(set(recipe(other[0], other[1]).disks("0 1 P/3 P 2/P 4 5", content))).problem())
          .contains("not");
    }
  }

  @Test
  void whatAMemberCouldNotWriteIsReadFromAnother() throws IOException {
    Recipe recipe = recipe(1, 0);
    recipe.bad = 8;
    byte[] content = random(USED, 10);
    byte[][] disks = recipe.disks("0 0", content);
    judge(disks, "raid1", null);
    Arrays.fill(disks[0], START + 100 * 512, START + 108 * 512, (byte) 9); // as it was before
    assertThat(bytes(only(set(disks)))).isEqualTo(content);
    try (BlockSource alone = only(set(disks, 1)).open(() -> {})) {
      assertThatThrownBy(() -> read(alone, 0, CHUNK))
          .isInstanceOfSatisfying(
              UnreadableException.class,
              unread -> {
                assertThat(unread.start()).isEqualTo(100 * 512);
                assertThat(unread.length()).isEqualTo(8 * 512);
              });
      assertThat(read(alone, 108 * 512, 4096))
          .isEqualTo(Arrays.copyOfRange(content, 108 * 512, 108 * 512 + 4096));
    }
  }

  @Test
  void aListOfBadBlocksMayBeOutOfOrderAndOverlapAndBeginBeforeTheData() {
    Recipe recipe = recipe(1, 0);
    recipe.bad = 8;
    byte[] content = random(USED, 16);
    byte[] disk = recipe.disks("0 0", content)[0];
    ByteBuffer list = ByteBuffer.wrap(disk, 8192, 4096).slice().order(ByteOrder.LITTLE_ENDIAN);
    long start = START / 512;
    for (long[] each : new long[][] {{200, 8}, {100, 8}, {104, 16}, {-20, 24}, {-90, 5}}) {
      list.putLong(start + each[0] << 10 | each[1]);
    }
    list.putLong(-1);
    List<Integer> bad = new ArrayList<>();
    try (BlockSource array = only(set(new byte[][] {disk})).open(() -> {})) {
      for (int sector = 0; sector < USED / 512; sector++) {
        try {
          byte[] expected = Arrays.copyOfRange(content, sector * 512, sector * 512 + 512);
          assertThat(read(array, sector * 512L, 512)).isEqualTo(expected);
        } catch (UnreadableException e) {
          bad.add(sector);
        }
      }
    }
    List<Integer> expected = new ArrayList<>();
    IntStream.concat(IntStream.range(0, 4), IntStream.range(100, 120)).forEach(expected::add);
    IntStream.range(200, 208).forEach(expected::add);
    assertThat(bad).isEqualTo(expected);
    recipe.list = 129;
    recipe.seal(disk, 0);
    assertThat(set(new byte[][] {disk}).volumes()).isEmpty();
    assertThat(set(new byte[][] {disk}).warnings())
        .containsExactly(
            "the member disk0 of an array is not used: its list of bad blocks makes no sense");
  }

  private static final int PV = 16 * MIB;

  /** A disk with a physical volume, and behind it, to its end, a member of an array. */
  private byte[] divided(String version) throws IOException {
    Path part = Volumes.blank(folder.resolve("part"), PV);
    try (Lvm lvm = Lvm.over(folder, part)) {
      lvm.run("pvcreate", lvm.device(0));
      lvm.run("vgcreate", "-s", "1M", "vg", lvm.device(0));
      lvm.run("lvcreate", "-an", "-Zn", "-Wn", "-L8M", "-nroot", "vg");
    }
    byte[] disk = new byte[MIB + PV + DISK];
    System.arraycopy(Files.readAllBytes(part), 0, disk, MIB, PV);
    Recipe recipe = recipe(1, 0);
    recipe.version = version;
    System.arraycopy(recipe.disks("0 0", random(USED, 17))[0], 0, disk, MIB + PV, DISK);
    ByteBuffer table = ByteBuffer.wrap(disk).order(ByteOrder.LITTLE_ENDIAN);
    table.put(450, (byte) 0x8e).putInt(454, MIB / 512).putInt(458, PV / 512);
    table.put(466, (byte) 0xfd).putInt(470, (MIB + PV) / 512).putInt(474, DISK / 512);
    table.putShort(510, (short) 0xaa55);
    return disk;
  }

  private static List<String> names(VolumeSet set) {
    return set.volumes().stream().map(InnerVolume::name).toList();
  }

  /** The end of the disk is that of the partition, too, and the superblock the partition's. */
  @ParameterizedTest
  @CsvSource({"1.0, md:data", "0.90, md:3"})
  void aMemberAtTheEndOfADiskDoesNotHideWhatLiesBesideIt(String version, String array)
      throws IOException {
    byte[] disk = divided(version);
    VolumeSet set = set(new byte[][] {disk});
    assertThat(set.warnings()).isEmpty();
    assertThat(names(set)).containsExactly(array, "vg/root");
    assertThat(bytes(set.volumes().get(0))).isEqualTo(random(USED, 17));
  }

  @Test
  void whatCannotBeReadOrIsDamagedOnADividedDiskSpeaksForNoPartitionElsewhere() throws IOException {
    byte[] disk = divided("1.0");
    int end = (disk.length / 512 - 16) / 8 * 8 * 512;
    VolumeSet set =
        VolumeSet.on(
            List.of(new FaultySource(new ByteArraySource("disk", disk)).unreadable(end, 512)));
    assertThat(names(set)).containsExactly("vg/root");
    assertThat(set.warnings())
        .hasSize(2)
        .allMatch(warning -> warning.contains("is a member of an array cannot be read"));
    set =
        VolumeSet.on(
            List.of(new FaultySource(new ByteArraySource("disk", disk)).unreadable(4096, 512)));
    assertThat(names(set)).containsExactly("md:data", "vg/root");
    assertThat(set.warnings()).hasSize(1);
    disk[end + 80] ^= 1;
    set = set(new byte[][] {disk});
    assertThat(names(set)).containsExactly("vg/root");
    assertThat(set.warnings()).hasSize(2).allMatch(warning -> warning.endsWith("is damaged"));
  }

  @Test
  void twoArraysOfOneNameStayTwo() {
    Recipe recipe = recipe(1, 0);
    byte[] one = recipe.disks("0 0", random(USED, 11))[0];
    recipe.uuid = 1;
    byte[] other = recipe.disks("0 0", random(USED, 12))[0];
    VolumeSet set = set(new byte[][] {one, other});
    assertThat(set.volumes().stream().map(InnerVolume::name))
        .containsExactly("md:data:" + UUID, "md:data:01020304:05060708:090a0b0c:0d0e0f10");
    assertThat(bytes(set.volumes().get(1))).isEqualTo(random(USED, 12));
  }

  /** In a member whose data begins with it, a label of LVM is the array's and not the member's. */
  @Test
  void aDamagedMemberIsNotTakenForWhatLiesInItsArray() {
    Recipe recipe = recipe(0, 0);
    recipe.version = "1.0";
    byte[] disk = recipe.disks("0 1/2 3", random(2 * USED, 13))[0];
    byte[] label = "LABELONE".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(label, 0, disk, 512, 8);
    System.arraycopy("LVM2 001".getBytes(StandardCharsets.US_ASCII), 0, disk, 512 + 24, 8);
    disk[(DISK / 512 - 16) / 8 * 8 * 512 + 80] ^= 1;
    VolumeSet set = set(new byte[][] {disk});
    assertThat(set.volumes()).isEmpty();
    assertThat(set.warnings()).hasSize(1);
    assertThat(set.warnings().get(0)).startsWith("the member disk0 of an array is not used");
  }

  @Test
  void anArrayInAnArrayIsFound() {
    Recipe inner = recipe(1, 0);
    inner.uuid = 1;
    inner.members = 2;
    byte[] content = random(USED, 14);
    Arrays.fill(content, 4096, 8192, (byte) 0);
    inner.seal(content, 0);
    VolumeSet set = set(recipe(1, 0).disks("0 0", content));
    assertThat(set.volumes()).hasSize(2);
    assertThat(set.volumes().get(0).name()).isEqualTo("md:data");
    assertThat(set.volumes().get(1).name()).startsWith("md:data:01020304");
  }

  /** What a copy that never agreed has is no copy. */
  @Test
  void copiesThatDoNotAgreeDoNotServeForEachOther() {
    Recipe recipe = recipe(1, 0);
    recipe.resync = 0;
    byte[][] disks = recipe.disks("0 0", random(USED, 15));
    FaultySource first =
        new FaultySource(new ByteArraySource("disk0", disks[0]))
            .unreadable(START + 5 * CHUNK + 4096, 512);
    VolumeSet set = VolumeSet.on(List.of(first, new ByteArraySource("disk1", disks[1])));
    assertThat(set.warnings())
        .containsExactly(
            "array md:data: its copies were not known to agree, only the first there is read");
    try (BlockSource array = only(set).open(() -> {})) {
      assertThatThrownBy(() -> read(array, 5L * CHUNK, CHUNK))
          .isInstanceOf(UnreadableException.class);
    }
  }

  /** Where members are of different sizes, the rest of the longer ones is striped by itself. */
  @Test
  void stripesOverMembersOfDifferentSizesAreRead() {
    for (int layout = 1; layout <= 2; layout++) {
      Recipe recipe = recipe(0, layout);
      recipe.features = 4096;
      recipe.members = 3;
      byte[] content = random(11 * CHUNK, 7);
      byte[][] disks = new byte[3][DISK];
      int[] lengths = {3, 4, 4};
      for (int number = 0; number < 9; number++) {
        put(content, number, disks[number % 3], number / 3);
      }
      put(content, 9, disks[layout == 1 ? 2 : 1], 3); // the tenth chunk of all, or the first here
      put(content, 10, disks[layout == 1 ? 1 : 2], 3);
      for (int i = 0; i < 3; i++) {
        recipe.superblock(disks[i], i);
        ByteBuffer block = ByteBuffer.wrap(disks[i], 4096, 4096).slice();
        block.order(ByteOrder.LITTLE_ENDIAN).putLong(136, lengths[i] * CHUNK / 512);
        long sum = -(block.getInt(216) & 0xffffffffL);
        for (int at = 0; at < 256 + 16; at += 4) {
          sum += block.getInt(at) & 0xffffffffL;
        }
        block.putInt(216, (int) ((sum & 0xffffffffL) + (sum >>> 32)));
      }
      assertThat(bytes(only(set(disks)))).isEqualTo(content);
    }
  }

  private static void put(byte[] content, int number, byte[] disk, int row) {
    System.arraycopy(content, number * CHUNK, disk, START + row * CHUNK, CHUNK);
  }

  /** Whatever the superblocks say, it ends in a reason or in bytes. */
  @Test
  void anySuperblockEndsInAReasonOrInBytes() {
    byte[] content = random(2 * ROWS * CHUNK, 8);
    byte[][] disks = recipe(5, 2).disks("0 1 P/3 P 2/P 4 5", content);
    Recipe any = recipe(5, 2);
    any.members = 3;
    Random random = new Random(9);
    int read = 0;
    for (int round = 0; round < Effort.of("blksh.arrays", 150, 500_000); round++) {
      byte[] head = Arrays.copyOfRange(disks[0], 4096, 8192);
      int[] fields = {8, 72, 76, 80, 88, 92, 128, 136, 160, 200, 208, 256};
      for (int i = random.nextInt(3); i >= 0; i--) {
        int at = fields[random.nextInt(fields.length)] + random.nextInt(4);
        disks[0][4096 + at] =
            (byte) (random.nextBoolean() ? random.nextInt(256) : random.nextInt(8));
      }
      ByteBuffer block = ByteBuffer.wrap(disks[0], 4096, 4096).slice();
      block.order(ByteOrder.LITTLE_ENDIAN).putInt(216, 0);
      long sum = 0;
      for (int at = 0; at < 256 + 16; at += 4) {
        sum += block.getInt(at) & 0xffffffffL;
      }
      block.putInt(216, (int) ((sum & 0xffffffffL) + (sum >>> 32)));
      for (InnerVolume array : set(disks).volumes()) {
        if (array.problem().isEmpty()) {
          try (BlockSource source = array.open(() -> {})) {
            read(source, 0, 4 * CHUNK);
            read(source, Math.max(0, source.size() - CHUNK), CHUNK);
            read++;
          } catch (UnreadableException e) {
            assertThat(e.getMessage()).isNotEmpty();
          }
        }
      }
      System.arraycopy(head, 0, disks[0], 4096, head.length);
    }
    assertThat(read).isPositive();
  }
}
