package blksh.volume;

import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static blksh.kit.Reading.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.FileSource;
import blksh.filesystem.FileTree;
import blksh.filesystem.FileTrees;
import blksh.filesystem.UsedBlocks;
import blksh.kit.Effort;
import blksh.kit.Lvm;
import blksh.kit.Reading;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logical volumes of groups that LVM2 made, read as LVM2 says where their extents are. */
class VolumeSetTest {

  private static final int PV = 16 * MIB;

  /** Of all groups here. */
  private static final int EXTENT = MIB;

  @TempDir Path folder;

  private Path blank(String name) throws IOException {
    return Volumes.blank(folder.resolve(name), PV);
  }

  private static void write(Path file, long position, byte[] bytes) throws IOException {
    try (RandomAccessFile to = new RandomAccessFile(file.toFile(), "rw")) {
      to.seek(position);
      to.write(bytes);
    }
  }

  /** Where the bytes of a volume are, as lvs tells of its segments: places of chunks in files. */
  private record Place(int file, long position, int length) {}

  /** In the order of the volume; stripes are taken apart here, from the words of lvs alone. */
  private static List<Place> places(Lvm lvm, String volume) throws IOException {
    List<Place> places = new ArrayList<>();
    Map<Integer, Long> begins = new HashMap<>();
    for (String line :
        lvm.run(
                "pvs",
                "--noheadings",
                "--units",
                "b",
                "--nosuffix",
                "--separator",
                ";",
                "-o",
                "pv_name,pe_start")
            .lines()
            .toList()) {
      String[] fields = line.strip().split(";");
      begins.put(lvm.number(fields[0]), Long.parseLong(fields[1]));
    }
    for (String line :
        lvm.run(
                "lvs",
                "--segments",
                "--noheadings",
                "--units",
                "b",
                "--nosuffix",
                "--separator",
                ";",
                "-O",
                "seg_start",
                "-o",
                "seg_size,stripe_size,seg_pe_ranges",
                volume)
            .lines()
            .toList()) {
      String[] fields = line.strip().split(";");
      long size = Long.parseLong(fields[0]);
      String[] ranges = fields[2].split(" ");
      long chunk = ranges.length == 1 ? EXTENT : Long.parseLong(fields[1]);
      for (long at = 0; at < size; at += chunk) {
        String[] range = ranges[(int) (at / chunk % ranges.length)].split("[:-]");
        int file = lvm.number(range[0]);
        long inside = at / chunk / ranges.length * chunk;
        long position = begins.get(file) + Long.parseLong(range[1]) * EXTENT + inside;
        places.add(new Place(file, position, (int) chunk));
      }
    }
    return places;
  }

  /** Puts bytes where lvs says that those of a volume are. */
  private static void fill(Lvm lvm, String volume, byte[] bytes, Path... files) throws IOException {
    int at = 0;
    for (Place place : places(lvm, volume)) {
      write(files[place.file], place.position, Arrays.copyOfRange(bytes, at, at + place.length));
      at += place.length;
    }
    assertThat(at).isEqualTo(bytes.length);
  }

  private static byte[] bytes(VolumeSet set, String name) {
    try (BlockSource volume = set.volume(name).orElseThrow().open(() -> {})) {
      return read(volume, 0, (int) volume.size() + 1);
    }
  }

  @Test
  void linearAndStripedVolumesOfSeveralDrivesAreReadWhereLvsSaysTheyAre() throws IOException {
    Path one = blank("one");
    Path other = blank("other");
    byte[] linear = random(5 * MIB, 1);
    byte[] striped = random(6 * MIB, 2);
    byte[] pieces = random(9 * MIB, 3);
    try (Lvm lvm = Lvm.over(folder, one, other)) {
      lvm.run("pvcreate", lvm.device(0), lvm.device(1));
      lvm.run("vgcreate", "-s", "1M", "vg-a.b", lvm.device(0), lvm.device(1));
      lvm.run("lvcreate", "-an", "-Zn", "-Wn", "-L", "5M", "-n", "lin-x.1", "vg-a.b");
      lvm.run("lvcreate", "-an", "-Zn", "-Wn", "-L", "6M", "-i2", "-I16k", "-n", "str", "vg-a.b");
      lvm.run("lvcreate", "-an", "-Zn", "-Wn", "-L", "3M", "-n", "pieces", "vg-a.b", lvm.device(1));
      lvm.run(
          "lvcreate", "-an", "-Zn", "-Wn", "-L", "1M", "-n", "between", "vg-a.b", lvm.device(1));
      lvm.run("lvextend", "-L", "+2M", "vg-a.b/pieces", lvm.device(0));
      lvm.run("lvextend", "-i2", "-I64k", "-L", "+4M", "vg-a.b/pieces");
      fill(lvm, "vg-a.b/lin-x.1", linear, one, other);
      fill(lvm, "vg-a.b/str", striped, one, other);
      fill(lvm, "vg-a.b/pieces", pieces, one, other);
    }
    try (FileSource first = FileSource.open(one);
        FileSource second = FileSource.open(other)) {
      VolumeSet set = VolumeSet.on(List.of(first, second));
      assertThat(set.warnings()).isEmpty();
      assertThat(set.volumes().stream().map(InnerVolume::name))
          .containsExactly("vg-a.b/lin-x.1", "vg-a.b/str", "vg-a.b/pieces", "vg-a.b/between");
      assertThat(set.volumes().stream().map(InnerVolume::deviceName))
          .containsExactly("vg--a.b-lin--x.1", "vg--a.b-str", "vg--a.b-pieces", "vg--a.b-between");
      assertThat(set.volumes().stream().map(InnerVolume::layoutName))
          .containsExactly("linear", "striped", "linear, striped", "linear");
      assertThat(bytes(set, "vg-a.b/lin-x.1")).isEqualTo(linear);
      assertThat(bytes(set, "vg--a.b-str")).isEqualTo(striped);
      assertThat(bytes(set, "vg-a.b/pieces")).isEqualTo(pieces);
      try (BlockSource volume = set.volume("vg-a.b/pieces").orElseThrow().open(() -> {})) {
        Random random = new Random(4);
        for (int i = 0; i < 200; i++) {
          int at = random.nextInt(pieces.length);
          int length = random.nextInt(Math.min(200_000, pieces.length - at) + 1);
          assertThat(read(volume, at, length))
              .isEqualTo(Arrays.copyOfRange(pieces, at, at + length));
        }
        assertThat(volume.describe().toString())
            .isEqualTo("logical volume vg-a.b/pieces in " + one);
      }
      try (BlockSource hole = set.volume("vg-a.b/between").orElseThrow().open(() -> {})) {
        List<Extent> extents = Reading.list(hole.extents());
        assertThat(extents.stream().mapToLong(Extent::length).sum()).isEqualTo(MIB);
        assertThat(extents).allMatch(extent -> extent.kind() == Extent.Kind.ZERO);
      }
    }
  }

  @Test
  void whatLiesOnAMissingDriveIsRefusedWithItsNameAndTheRestIsRead() throws IOException {
    Path one = blank("one");
    Path other = blank("other");
    byte[] linear = random(2 * MIB, 5);
    String uuid;
    try (Lvm lvm = Lvm.over(folder, one, other)) {
      lvm.run("pvcreate", lvm.device(0), lvm.device(1));
      lvm.run("vgcreate", "-s", "1M", "vg", lvm.device(0), lvm.device(1));
      lvm.run("lvcreate", "-an", "-Zn", "-Wn", "-L2M", "-nlin", "vg", lvm.device(0));
      lvm.run("lvcreate", "-an", "-Zn", "-Wn", "-L2M", "-i2", "-nstr", "vg");
      uuid = lvm.run("pvs", "--noheadings", "-o", "pv_uuid", lvm.device(1)).strip();
      fill(lvm, "vg/lin", linear, one, other);
    }
    try (FileSource first = FileSource.open(one)) {
      VolumeSet set = VolumeSet.on(List.of(first));
      assertThat(bytes(set, "vg/lin")).isEqualTo(linear);
      InnerVolume striped = set.volume("vg/str").orElseThrow();
      assertThat(striped.size()).isEqualTo(2 * MIB);
      assertThatThrownBy(() -> striped.open(() -> {}))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("cannot read logical volume vg/str: its physical volume " + uuid)
          .hasMessageEndingWith("is missing; name all sources the group lies on: assemble(…, …)");
    }
    try (FileSource first = FileSource.open(one);
        FileSource again = FileSource.open(one)) {
      assertThat(VolumeSet.on(List.of(first, again)).volume("vg/lin").orElseThrow().problem())
          .contains("is there more than once: one, one");
    }
  }

  /** Each of two copies of a group is as old as it is; the newest tells what is where. */
  @Test
  void theNewestMetadataCounts() throws IOException {
    Path one = blank("one");
    Path other = blank("other");
    Path old = folder.resolve("old");
    byte[] grown = random(4 * MIB, 6);
    try (Lvm lvm = Lvm.over(folder, one, other)) {
      lvm.run("pvcreate", lvm.device(0), lvm.device(1));
      lvm.run("vgcreate", "-s", "1M", "vg", lvm.device(0), lvm.device(1));
      lvm.run("lvcreate", "-an", "-Zn", "-Wn", "-L2M", "-nlin", "vg", lvm.device(0));
      Files.copy(one, old);
      lvm.run("lvextend", "-L4M", "vg/lin", lvm.device(0));
      fill(lvm, "vg/lin", grown, one, other);
    }
    try (RandomAccessFile from = new RandomAccessFile(one.toFile(), "r")) {
      byte[] data = new byte[PV - MIB]; // behind the metadata, which stays old
      from.seek(MIB);
      from.readFully(data);
      write(old, MIB, data);
    }
    try (FileSource first = FileSource.open(old);
        FileSource second = FileSource.open(other)) {
      assertThat(bytes(VolumeSet.on(List.of(first, second)), "vg/lin")).isEqualTo(grown);
      assertThat(VolumeSet.on(List.of(first)).volume("vg/lin").orElseThrow().size())
          .isEqualTo(2 * MIB);
    }
  }

  /** The text goes round in its area; where that ends it goes on at the beginning. */
  @Test
  void metadataIsReadAlsoWhereItGoesRound() throws Exception {
    Path one = blank("one");
    boolean round = false;
    try (Lvm lvm = Lvm.over(folder, one)) {
      lvm.run("pvcreate", "--metadatasize", "60k", "--dataalignment", "64k", lvm.device(0));
      lvm.run("vgcreate", "-s", "1M", "vg", lvm.device(0));
      for (int i = 0; i < 16 && !round; i++) {
        String tag = i + "x".repeat(1000);
        lvm.run("vgchange", "--addtag", "a" + tag, "--addtag", "b" + tag, "vg");
        try (FileSource source = FileSource.open(one)) {
          TextAllowance texts = new TextAllowance();
          assertThat(physical(source, texts).warnings()).isEmpty();
          byte[] text = texts.texts().iterator().next().array();
          assertThat(VolumeGroup.read(text, Map.of(), texts).sequence()).isEqualTo(i + 2L);
          ByteBuffer header = VolumeBytes.read(source, 4096, 512);
          round |= header.getLong(40) + header.getLong(48) > header.getLong(32);
        }
      }
    }
    assertThat(round).isTrue();
  }

  private static PhysicalVolume physical(BlockSource source, TextAllowance texts)
      throws IOException {
    try {
      return PhysicalVolume.at(source, "one", texts).orElseThrow();
    } catch (VolumeProblem e) {
      throw new IOException(e);
    }
  }

  @Test
  void aDamagedAreaIsToldAndItsCopyServes() throws IOException {
    Path one = blank("one");
    try (Lvm lvm = Lvm.over(folder, one)) {
      lvm.run("pvcreate", "--metadatacopies", "2", lvm.device(0));
      lvm.run("vgcreate", "-s", "1M", "vg", lvm.device(0));
      lvm.run("lvcreate", "-an", "-Zn", "-Wn", "-L2M", "-nlin", "vg");
    }
    byte[] bytes = Files.readAllBytes(one);
    byte[] text = "extent_size".getBytes(StandardCharsets.US_ASCII);
    int first = 0;
    for (int at = 4096; at < MIB; at++) {
      if (Arrays.equals(bytes, at, at + text.length, text, 0, text.length)) {
        first = at; // the last there is the newest
      }
    }
    byte[] shorter = Arrays.copyOf(bytes, PV - MIB);
    assertThat(VolumeSet.on(List.of(new ByteArraySource("one", shorter))).warnings())
        .containsExactly(
            "the LVM volume one is not used: it should have 16777216 bytes, and what it lies on has"
                + " 15728640: it may lie on an array");
    bytes[first] ^= 1;
    VolumeSet set = VolumeSet.on(List.of(new ByteArraySource("one", bytes)));
    assertThat(set.warnings())
        .containsExactly(
            "of the LVM volume one the metadata at byte 4096: its text has another checksum");
    assertThat(set.volume("vg/lin").orElseThrow().problem()).isEmpty();
    bytes[4096 + 20] ^= 1;
    assertThat(VolumeSet.on(List.of(new ByteArraySource("one", bytes))).warnings())
        .containsExactly("of the LVM volume one the metadata at byte 4096: its header is damaged");
    bytes[512 + 40] ^= 1;
    set = VolumeSet.on(List.of(new ByteArraySource("one", bytes)));
    assertThat(set.volumes()).isEmpty();
    assertThat(set.warnings())
        .containsExactly("the LVM volume one is not used: its label is damaged");
  }

  @Test
  void aVolumeInAPartitionHasFilesAndUsedBlocks() throws IOException {
    Path part = blank("part");
    Path ext = Volumes.blank(folder.resolve("ext"), 8 * MIB);
    Path tree = Files.createDirectories(folder.resolve("tree/etc"));
    Files.writeString(tree.resolve("fstab"), "none\n");
    Tool.named("mkfs.ext4").run("-q", "-d", folder.resolve("tree"), ext);
    try (Lvm lvm = Lvm.over(folder, part)) {
      lvm.run("pvcreate", lvm.device(0));
      lvm.run("vgcreate", "-s", "1M", "vg", lvm.device(0));
      lvm.run("lvcreate", "-an", "-Zn", "-Wn", "-L8M", "-nroot", "vg");
    }
    write(part, MIB, Files.readAllBytes(ext)); // where its first extent is
    Path disk = Volumes.blank(folder.resolve("disk"), PV + 2 * MIB);
    Path table = Files.writeString(folder.resolve("table"), "label: gpt\nstart=2048, size=32768\n");
    Tool.named("sh").run("-c", "sfdisk -q \"$0\" < \"$1\"", disk, table);
    write(disk, MIB, Files.readAllBytes(part));
    try (FileSource source = FileSource.open(disk)) {
      VolumeSet set = VolumeSet.on(List.of(source));
      BlockSource root = set.volume("vg/root").orElseThrow().open(() -> {});
      assertThat(UsedBlocks.of(root).freeBytes()).isGreaterThan(4 * MIB);
      try (FileTree files = FileTrees.open(root)) {
        assertThat(files.find("/etc/fstab").orElseThrow().size()).isEqualTo(5);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "cache, it has a segment of type cache",
    "writecache, it has a segment of type writecache",
    "vdo, it has a segment of type vdo",
    "integrity, it has a segment of type integrity",
    "striped+NEW, it has a segment of type striped+NEW",
    "error, a part of it was given up",
  })
  void whatIsNotUnderstoodIsRefusedByName(String type, String problem) throws Exception {
    String text = GROUP.replace("type = \"striped\"", "type = \"" + type + "\"");
    VolumeGroup group =
        VolumeGroup.read(text.getBytes(StandardCharsets.UTF_8), found(), new TextAllowance());
    assertThat(group.volumes("vg", List.of(DISK)).get(0).problem()).startsWith(problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "start_extent = 0 | start_extent = 1 | its segments do not follow each other",
        "extent_count = 4 | extent_count = 8 | it ends behind the end of its physical volume",
        "extent_count = 4 | extent_count = 0 | extent_count of segment1 is 0",
        "extent_count = 4 | extent_count = 9999999999999999 | extent_count of segment1 is",
        "pe_count = 7 | pe_count = 70 | ",
        "pe_start = 2048 | pe_start = 16384 | it ends at byte",
        "'\"pv0\", 0' | '\"pv0\", -1' | it ends behind",
        "'\"pv0\", 0' | '\"root\", 0' | it lies on itself",
        "'\"pv0\", 0' | '\"pv7\", 0' | it lies on pv7",
        "'\"pv0\", 0' | '\"pv0\"' | its stripes make no sense",
        "stripe_count = 1 | stripe_count = 3 | its stripes make no sense",
        "segment_count = 1 | segment_count = 2 | it has 1 segments and should have 2",
        "'\"VISIBLE\"' | '\"VISIBLE\", \"PVMOVE\"' | it is being moved",
        "'flags = []' | 'flags = [\"MISSING\"]' | its physical volume",
      })
  void whatCannotBeIsRefused(String is, String instead, String problem) throws Exception {
    assertThat(GROUP).contains(is);
    String text = GROUP.replace(is, instead);
    VolumeGroup group =
        VolumeGroup.read(text.getBytes(StandardCharsets.UTF_8), found(), new TextAllowance());
    String told = group.volumes("vg", List.of(DISK)).get(0).problem();
    if (problem == null) {
      assertThat(told).isEmpty();
    } else {
      assertThat(told).startsWith(problem);
    }
  }

  /** A volume of one extent that is not seen by itself. */
  private static String hidden(String name, String on, int extent) {
    return """
        %s {
        id = "x"
        status = ["READ", "WRITE"]
        segment_count = 1
        segment1 {
        start_extent = 0
        extent_count = 1
        type = "striped"
        stripe_count = 1
        stripes = ["%s", %d]
        }
        }
        """
        .formatted(name, on, extent);
  }

  /** The other leg may have been written to after this one: that it is alone has to be told. */
  @Test
  void aMirrorOfWhichOneDriveIsMissingIsReadAndToldSo() throws Exception {
    String mirror =
        """
        r {
        id = "x"
        status = ["READ", "WRITE", "VISIBLE"]
        segment_count = 1
        segment1 {
        start_extent = 0
        extent_count = 1
        type = "raid1"
        raids = ["m0", "i0", "m1", "i1"]
        }
        }
        """;
    String legs = hidden("m0", "pv1", 0) + hidden("i0", "pv1", 1);
    legs += hidden("m1", "pv0", 4) + hidden("i1", "pv0", 5);
    String seen = "status = [\"READ\", \"WRITE\", \"VISIBLE\"]";
    for (String each : List.of("a", "b")) {
      mirror += hidden(each, "r", 0).replaceAll("status = .*", seen);
    }
    String other = "pv1 {\nid = \"gone\"\npe_start = 2048\npe_count = 7\n}\n";
    String text =
        GROUP
            .replace("physical_volumes {", "physical_volumes {\n" + other)
            .replace("logical_volumes {", "logical_volumes {\n" + legs + mirror);
    byte[] disk = read(DISK, 0, 8 * MIB);
    ByteBuffer noted = ByteBuffer.wrap(disk, 5 * MIB, 512).slice().order(ByteOrder.LITTLE_ENDIAN);
    noted.putInt(0, 0x64526d44).putInt(12, 1).putLong(16, 9).putLong(24, 0);
    noted.putLong(32, -1).putLong(40, -1);
    ByteArraySource one = new ByteArraySource("disk", disk);
    PhysicalVolume volume = new PhysicalVolume(one, "disk", UUID, true, List.of());
    VolumeGroup group =
        VolumeGroup.read(
            text.getBytes(StandardCharsets.UTF_8),
            Map.of(UUID, List.of(volume)),
            new TextAllowance());
    List<InnerVolume> all = group.volumes("vg", List.of(one));
    assertThat(all.stream().map(InnerVolume::layoutName))
        .as("also of those that lie on it")
        .containsExactly(
            "raid1, 1 of 2 legs", "linear, 1 of 2 legs", "linear, 1 of 2 legs", "linear");
    InnerVolume only = all.get(0);
    assertThat(only.problem()).isEmpty();
    assertThat(only.layoutName()).isEqualTo("raid1, 1 of 2 legs");
    try (BlockSource opened = only.open(() -> {})) {
      assertThat(read(opened, 0, MIB)).isEqualTo(read(DISK, 6L * MIB, MIB));
    }
  }

  @Test
  void whatATextSaysDoesNothingToATerminal() throws Exception {
    String group = GROUP.replace("T9ldgi", "\u001b[2Ji");
    assertThatThrownBy(
            () ->
                VolumeGroup.read(
                    group.getBytes(StandardCharsets.UTF_8), found(), new TextAllowance()))
        .hasMessage("its identifier makes no sense");
    String volume = GROUP.replace("KuTym6", "\u001b[2J6");
    assertThat(
            VolumeGroup.read(volume.getBytes(StandardCharsets.UTF_8), found(), new TextAllowance())
                .volumes("vg", List.of(DISK))
                .get(0)
                .uuid())
        .startsWith("?[2J6");
  }

  /** Volumes on volumes: each is laid out once, however often others lie on it. */
  @Test
  void aLadderOfVolumesCostsNoMoreThanItsText() throws Exception {
    StringBuilder ladder = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      ladder.append("lv%d {\nid = \"x\"\nstatus = [\"VISIBLE\"]\n".formatted(i));
      ladder.append("segment_count = 60\n");
      for (int k = 0; k < 60; k++) {
        String on = i == 7 ? "\"pv0\", " + k % 7 : "\"lv%d\", %d".formatted(i + 1, k);
        ladder.append(
            "segment%d {\nstart_extent = %d\nextent_count = 1\ntype = \"striped\"\n"
                .formatted(k + 1, k));
        ladder.append("stripe_count = 1\nstripes = [%s]\n}\n".formatted(on));
      }
      ladder.append("}\n");
    }
    String text = GROUP.replace("logical_volumes {", "logical_volumes {\n" + ladder);
    VolumeGroup group =
        VolumeGroup.read(text.getBytes(StandardCharsets.UTF_8), found(), new TextAllowance());
    List<InnerVolume> volumes = group.volumes("vg", List.of(DISK));
    assertThat(volumes).hasSize(9).allMatch(each -> each.problem().isEmpty());
    try (BlockSource top = volumes.get(0).open(() -> {})) {
      assertThat(read(top, 8L * MIB, 1000)).isEqualTo(read(DISK, 2L * MIB, 1000));
    }
  }

  /** Whatever the text says, it ends in a reason or in bytes that are there. */
  @Test
  void anyTextEndsInAReasonOrInBytes() throws Exception {
    byte[] text = GROUP.getBytes(StandardCharsets.UTF_8);
    Random random = new Random(7);
    Map<String, List<PhysicalVolume>> found = found();
    int read = 0;
    for (int round = 0; round < Effort.of("blksh.groups", 500, 3_000_000); round++) {
      byte[] changed = text.clone();
      for (int i = random.nextInt(4); i >= 0; i--) {
        int at = random.nextInt(changed.length);
        if (random.nextBoolean()) {
          changed[at] = (byte) random.nextInt(256);
        } else {
          int from = random.nextInt(changed.length);
          int length = Math.min(random.nextInt(40), changed.length - Math.max(at, from));
          System.arraycopy(text, from, changed, at, length);
        }
      }
      try {
        for (InnerVolume each :
            VolumeGroup.read(changed, found, new TextAllowance()).volumes("vg", List.of(DISK))) {
          if (each.problem().isEmpty() && each.size() <= DISK.size()) {
            try (BlockSource volume = each.open(() -> {})) {
              assertThat(read(volume, 0, MIB)).hasSize((int) Math.min(MIB, each.size()));
              read++;
            }
          }
        }
      } catch (VolumeProblem e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
    }
    assertThat(read).isPositive();
    byte[] deep = "a {".repeat(100_000).getBytes(StandardCharsets.US_ASCII);
    assertThatThrownBy(() -> MetadataText.parse(deep, new TextAllowance()))
        .hasMessageContaining("too deeply");
    byte[] many = "a = [1".concat(",1".repeat(600_000)).getBytes(StandardCharsets.US_ASCII);
    assertThatThrownBy(() -> MetadataText.parse(many, new TextAllowance()))
        .hasMessageContaining("more texts");
  }

  @Test
  void whereMoreTextIsThanIsReadNoneIsReliedOn() throws Exception {
    TextAllowance texts = new TextAllowance();
    for (int i = 0; i < 3; i++) {
      texts.keep(new byte[5 * MIB]); // one, however often it is there
    }
    assertThat(texts.texts()).hasSize(1);
    assertThatThrownBy(() -> texts.keep(random(5 * MIB, 9)))
        .hasMessage("there are more texts of groups than are read");
    assertThat(texts.isSpent()).isTrue();
    assertThat(texts.texts()).isEmpty();
  }

  private static final String UUID = "abcdef-ghij-klmn-opqr-stuv-wxyz-ABCDEF";

  private static final String GROUP =
      """
      # Generated by hand
      contents = "Text Format Volume Group"
      version = 1
      description = "a \\"quoted\\" word"
      vg {
      id = "T9ldgi-Toc4-Fj2c-n2sz-kms6-vaw2-BW9PC0"
      seqno = 2
      format = "lvm2"
      status = ["RESIZEABLE", "READ", "WRITE"]
      extent_size = 2048\t# 1 MiB
      physical_volumes {
      pv0 {
      id = "%s"
      device = "/dev/sda2"
      status = ["ALLOCATABLE"]
      flags = []
      dev_size = 16384
      pe_start = 2048
      pe_count = 7
      }
      }
      logical_volumes {
      root {
      id = "KuTym6-OqUn-qPNi-5cM8-XL5e-2tV6-Bo3amp"
      status = ["READ", "WRITE", "VISIBLE"]
      segment_count = 1
      segment1 {
      start_extent = 0
      extent_count = 4
      type = "striped"
      stripe_count = 1
      stripes = [
      "pv0", 0
      ]
      }
      }
      }
      }
      """
          .formatted(UUID);

  private static final BlockSource DISK = new ByteArraySource("disk", random(8 * MIB, 8));

  private static Map<String, List<PhysicalVolume>> found() {
    return Map.of(UUID, List.of(new PhysicalVolume(DISK, "disk", UUID, true, List.of())));
  }
}
