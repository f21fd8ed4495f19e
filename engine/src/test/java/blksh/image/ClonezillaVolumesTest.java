package blksh.image;

import static blksh.kit.Content.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.FileSource;
import blksh.block.SliceSource;
import blksh.io.UnreadableException;
import blksh.kit.Content;
import blksh.kit.Lvm;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.task.Task;
import blksh.volume.VolumeSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sets of machines whose partitions are physical volumes: groups made here by LVM2, with what
 * Clonezilla keeps of them, and looked at by LVM2 when they are back.
 */
class ClonezillaVolumesTest {

  private static final int PV = 32 * MIB;
  private static final String SWAP = "0a1b2c3d-1111-2222-3333-444455556666";

  @TempDir static Path folder;
  private static Path set;

  /** What is on each logical volume of which an image is kept. */
  private static final Map<String, byte[]> CONTENTS = new HashMap<>();

  /** As lvs tells of it. */
  private static String told;

  /** One partition of a drive and another drive, whole, in one group. */
  @BeforeAll
  static void save() throws IOException {
    set = Files.createDirectory(folder.resolve("set"));
    Path part = Volumes.blank(folder.resolve("part"), PV);
    Path other = Volumes.blank(folder.resolve("other"), PV);
    try (Lvm lvm = Lvm.over(folder, part, other)) {
      lvm.run("pvcreate", lvm.device(0), lvm.device(1));
      lvm.run("vgcreate", "-s", "1m", "old-vg", lvm.device(0), lvm.device(1));
      create(lvm, "root.1", 12, lvm.device(0));
      create(lvm, "swap", 4, lvm.device(0));
      create(lvm, "lost", 2, lvm.device(0));
      lvm.run("lvextend", "-L", "16m", "old-vg/root.1", lvm.device(0));
      lvm.run(
          "lvcreate",
          "-an",
          "-Wn",
          "-Zn",
          "-n",
          "data",
          "-L",
          "8m",
          "-i",
          "2",
          "-I",
          "64k",
          "old-vg");
      told = lvs(lvm);
      lvm.run("vgcfgbackup", "-f", set.resolve("lvm_old-vg.conf"), "old-vg");
      Files.writeString(
          set.resolve("lvm_vg_dev.list"),
          "old-vg /dev/sda1 %s\nold-vg /dev/sdb %s\n"
              .formatted(uuid(lvm, lvm.device(0)), uuid(lvm, lvm.device(1))));
    }
    image("root.1", 16);
    image("data", 8);
    Files.writeString(
        set.resolve("swappt-old-vg-swap.info"), "UUID=\"%s\"\nLABEL=\"rest\"\n".formatted(SWAP));
    Path disk = Volumes.blank(folder.resolve("disk"), PV + 4 * MIB);
    Path table =
        Files.writeString(
            folder.resolve("table"),
            "label: dos\nstart=2048, size=%d, type=8e\n".formatted(PV / 512));
    Tool.named("sh").run("-c", "sfdisk -q \"$0\" < \"$1\"", disk, table);
    String dump = Tool.named("sfdisk").answer("--dump", disk);
    Files.writeString(
        set.resolve("sda-pt.sf"), dump.replaceAll("(?m)^" + disk + "(\\d+)", "/dev/sda$1"));
    Files.writeString(
        set.resolve("sda-pt.parted"),
        "Disk /dev/sda: %ds\nSector size (logical/physical): 512B/512B\n"
            .formatted((PV + 4 * MIB) / 512));
    Files.write(set.resolve("sda-mbr"), Arrays.copyOf(Files.readAllBytes(disk), 512));
    Files.writeString(set.resolve("clonezilla-img"), "");
    Files.writeString(set.resolve("disk"), "sda sdb\n");
    Files.writeString(set.resolve("parts"), "sda1 sdb\n");
  }

  private static void create(Lvm lvm, String name, int mebibytes, Path on) throws IOException {
    lvm.run("lvcreate", "-an", "-Wn", "-Zn", "-n", name, "-L", mebibytes + "m", "old-vg", on);
  }

  private static String uuid(Lvm lvm, Path device) throws IOException {
    return lvm.run("pvs", "--noheadings", "-o", "pv_uuid", device).strip();
  }

  private static String lvs(Lvm lvm) throws IOException {
    return lvm.run(
            "lvs", "--segments", "--noheadings", "-o", "lv_name,lv_uuid,segtype,seg_size,seg_start")
        + lvm.run("vgs", "--noheadings", "-o", "vg_name,vg_uuid,vg_size,pv_count");
  }

  private static void image(String volume, int mebibytes) throws IOException {
    Path tree = Files.createDirectories(folder.resolve("tree-" + volume));
    Files.write(tree.resolve("content"), Content.random(3 * MIB, volume.length()));
    Path file = Volumes.blank(folder.resolve(volume), mebibytes * MIB);
    Tool.named("mkfs.ext4").run("-q", "-F", "-d", tree, file);
    CONTENTS.put(volume, Files.readAllBytes(file));
    Tool.named("partclone.ext4")
        .run("-c", "-F", "-L", folder.resolve("log"), "-s", file, "-O", folder.resolve("image"));
    Tool.named("sh")
        .run(
            "-c",
            "gzip -1 -c \"$0\" > \"$1\"",
            folder.resolve("image"),
            set.resolve("old-vg-" + volume + ".ext4-ptcl-img.gz.aa"));
  }

  private static ClonezillaDisk open(Path set, String disk) {
    return ClonezillaSet.open(set).openDiskFor(disk, 0, ImageOptions.defaults());
  }

  private static Path back(String disk) throws IOException {
    Path to = folder.resolve("back-" + disk);
    try (ClonezillaDisk found = open(set, disk)) {
      ImageRestore.run(found, to, ImageRestoreOptions.defaults(), Task.unwatched());
    }
    return to;
  }

  @Test
  void aGroupOverAPartitionAndADriveComesBack() throws IOException {
    try (ClonezillaDisk found = open(set, "sda")) {
      assertThat(found.missing())
          .containsExactly(
              "of the logical volume old-vg/lost nothing is restored: the set keeps no image of it");
    }
    Path drive = back("sda");
    Path other = back("sdb");
    byte[] all = Files.readAllBytes(drive);
    Path part = Files.write(folder.resolve("part-back"), Arrays.copyOfRange(all, MIB, MIB + PV));
    try (Lvm lvm = Lvm.over(folder, part, other)) {
      assertThat(lvs(lvm)).isEqualTo(told);
      lvm.run("vgck", "old-vg");
      lvm.run("pvck", lvm.device(0), lvm.device(1));
    }
    try (BlockSource one = new SliceSource(FileSource.open(drive), MIB, PV);
        BlockSource two = FileSource.open(other)) {
      VolumeSet volumes = VolumeSet.on(List.of(one, two));
      assertThat(volumes.warnings()).isEmpty();
      for (String volume : CONTENTS.keySet()) {
        Path file = folder.resolve("read-" + volume);
        byte[] bytes = bytes(volumes, volume);
        Files.write(file, bytes);
        Tool.named("e2fsck").run("-fn", file);
        compareUsed(volume, bytes);
      }
      Path swap = Files.write(folder.resolve("read-swap"), bytes(volumes, "swap"));
      assertThat(Tool.named("blkid").answer("-p", "-o", "export", swap))
          .contains("TYPE=swap", "UUID=" + SWAP, "LABEL=rest");
    }
  }

  private static byte[] bytes(VolumeSet volumes, String name) {
    try (BlockSource volume = volumes.volume("old-vg/" + name).orElseThrow().open(() -> {})) {
      ByteBuffer bytes = ByteBuffer.allocate((int) volume.size());
      volume.read(0, bytes);
      return bytes.array();
    }
  }

  /** By the image of the volume, which tells what of it is used. */
  private static void compareUsed(String volume, byte[] bytes) {
    List<Extent> used = new ArrayList<>();
    try (Image image =
        ClonezillaSet.open(set)
            .member("old-vg-" + volume)
            .orElseThrow()
            .open(ImageOptions.defaults())) {
      for (Iterator<Extent> extents = image.extents(); extents.hasNext(); ) {
        Extent extent = extents.next();
        if (extent.kind() != Extent.Kind.FREE) {
          used.add(extent);
        }
      }
    }
    assertThat(used).isNotEmpty();
    for (Extent extent : used) {
      int from = (int) extent.start();
      int to = (int) extent.end();
      assertThat(Arrays.mismatch(bytes, from, to, CONTENTS.get(volume), from, to))
          .as(volume + " from byte " + from)
          .isEqualTo(-1);
    }
  }

  @Test
  void whatIsNotKeptCannotBeReadAndDamagedTextsAreRefused() throws IOException {
    try (ClonezillaDisk found = ClonezillaSet.open(set).openDisk("sda", ImageOptions.defaults())) {
      List<Extent> bad = new ArrayList<>();
      for (Iterator<Extent> extents = found.extents(); extents.hasNext(); ) {
        Extent extent = extents.next();
        if (extent.kind() == Extent.Kind.BAD) {
          bad.add(extent);
        }
      }
      assertThat(bad).singleElement().extracting(Extent::length).isEqualTo(2L * MIB);
      assertThatThrownBy(() -> found.read(bad.get(0).start(), ByteBuffer.allocate(1)))
          .isInstanceOf(UnreadableException.class)
          .hasMessageContaining("no image of it");
    }
    Path torn = folder.resolve("torn");
    Tool.named("cp").run("-r", set, torn);
    Path text = torn.resolve("lvm_old-vg.conf");
    String sound = Files.readString(text);
    String[][] damages = {
      {"pe_count = 31", "pe_count = 3", "behind the end of its physical"},
      {"pe_start = 2048", "pe_start = 8", "does not fit before byte 4096"},
      {"pe_start = 2048", "pe_start = 99999", "begin behind its end"},
      {"flags = []", "flags = [\"MISSING\"]", "was missing when it was saved"},
      {"start_extent = 12", "start_extent = 11", "do not follow each other"},
      {"old-vg {", "other {", "is of the group other"},
    };
    for (String[] damage : damages) {
      assertThat(sound).contains(damage[0]);
      Files.writeString(text, sound.replace(damage[0], damage[1]));
      try (ClonezillaDisk found = open(torn, "sda")) {
        assertThat(found.missing())
            .singleElement()
            .asString()
            .contains("nothing of sda1 is restored", damage[2]);
      }
    }
    Files.writeString(text, sound.substring(0, sound.length() / 2));
    try (ClonezillaDisk found = open(torn, "sda")) {
      assertThat(found.missing()).singleElement().asString().contains("lvm_old-vg.conf");
    }
    Files.writeString(text, sound);
    Path list = torn.resolve("lvm_vg_dev.list");
    String both = Files.readString(list);
    Files.writeString(list, both.lines().findFirst().orElseThrow() + "\n");
    try (ClonezillaDisk found = open(torn, "sda")) {
      assertThat(found.missing()).anyMatch(it -> it.contains("old-vg/data a part is not restored"));
    }
    Files.writeString(list, both);
    Files.delete(text); // then its partition is one of which nothing is kept
    try (ClonezillaDisk found = open(torn, "sda")) {
      assertThat(found.missing()).singleElement().asString().contains("no image of sda1");
    }
  }
}
