package blksh.dsl;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.image.BadMagicException;
import blksh.partition.PartitionTable;
import blksh.view.Size;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images of the real tools by what they say of themselves, and sets of them. */
class ImageTest {

  /** 1536 KiB of ext4 with 83 used blocks of 1 KiB, in groups of 16 blocks and four bytes. */
  private static final String EXT4 = "partclone-ext4-crc32.img";

  /** Where the second block of the second group is. */
  private static final int SECOND_GROUP = 110 + 192 + 4 + 16 * KIB + 4 + KIB;

  @TempDir Path folder;
  @AutoClose private Sitting sitting;

  @BeforeEach
  void open() {
    sitting = new Sitting(folder);
  }

  private Image image(Path path) {
    return sitting.words.image(path, false, false, null, false);
  }

  private Path damaged() throws IOException {
    Path path = sitting.image(EXT4);
    byte[] bytes = Files.readAllBytes(path);
    bytes[SECOND_GROUP] ^= 1;
    return Files.write(path, bytes);
  }

  /** A directory of Clonezilla's: an image, swap space, and an image that is none. */
  private Path set() throws IOException {
    Path set = Files.createDirectory(folder.resolve("set"));
    Files.writeString(set.resolve("clonezilla-img"), "");
    Files.writeString(set.resolve("parts"), "sda1 sda2 sda3\n");
    Files.writeString(set.resolve("disk"), "sda\n");
    Files.writeString(set.resolve("swappt-sda2.info"), "UUID=\n");
    Files.writeString(
        set.resolve("sda-pt.sf"),
        """
        label: dos
        /dev/sda1 : start=2048, size=3072, type=83
        /dev/sda2 : start=8192, size=2048, type=82
        """);
    Files.move(sitting.image(EXT4), set.resolve("sda1.ext4-ptcl-img"));
    Files.write(set.resolve("sda3.ext4-ptcl-img"), random(KIB, 1));
    return set;
  }

  /** A set of a drive with one image, swap space, and a partition that was not saved. */
  private Path machine() throws IOException {
    Path set = Files.createDirectory(folder.resolve("machine"));
    Files.writeString(set.resolve("clonezilla-img"), "");
    Files.writeString(set.resolve("parts"), "sda1 sda2\n");
    Files.writeString(set.resolve("disk"), "sda\n");
    Files.writeString(set.resolve("swappt-sda2.info"), "UUID=\n");
    Files.writeString(
        set.resolve("sda-pt.sf"),
        """
        label: dos
        /dev/sda1 : start=2048, size=3072, type=83
        /dev/sda2 : start=8192, size=2048, type=82
        /dev/sda3 : start=12288, size=1024, type=8e
        """);
    Files.writeString(set.resolve("sda-pt.parted"), "Disk /dev/sda: 16384s\n");
    ByteBuffer boot = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
    int[][] entries = {{0x83, 2048, 3072}, {0x82, 8192, 2048}, {0x8e, 12288, 1024}};
    for (int i = 0; i < entries.length; i++) {
      int at = 446 + 16 * i;
      boot.put(at + 4, (byte) entries[i][0]);
      boot.putInt(at + 8, entries[i][1]).putInt(at + 12, entries[i][2]);
    }
    Files.write(set.resolve("sda-mbr"), boot.putShort(510, (short) 0xaa55).array());
    Files.move(sitting.image(EXT4), set.resolve("sda1.ext4-ptcl-img"));
    return set;
  }

  @Test
  void aDriveOfASetIsPutBack() throws IOException {
    Image set = image(machine());
    Image disk = set.getDisks().get("sda");
    assertThat(disk.getSize()).isEqualTo(new Size(16384 * 512));
    assertThat(disk.getPartitions().getKeys()).containsExactly("p1", "p2", "p3");
    assertThat(disk.getPartitions().get("p1").getFiles().size()).isPositive();
    // What was not saved is nothing that a copy may leave out without a word.
    assertThatThrownBy(() -> disk.restore(folder.resolve("copy").toString(), false))
        .hasMessageContaining("the set keeps no image of sda3");
    Path back = folder.resolve("back");
    set.restoreTo(back.toString(), false);
    assertThat(sitting.session.findings()).anyMatch(found -> found.contains("no image of sda3"));
    byte[] bytes = Files.readAllBytes(back);
    assertThat(bytes).hasSize(16384 * 512);
    assertThat(bytes[2048 * 512 + 1080]).isEqualTo((byte) 0x53);
    assertThat(new String(bytes, 8192 * 512 + 4086, 10, StandardCharsets.US_ASCII))
        .isEqualTo("SWAPSPACE2");
  }

  @Test
  void anImageIsReadByScripts() throws IOException {
    Image image = image(sitting.image(EXT4));
    byte[] magic = image.read(1080, new Size(2));
    assertThat(magic).containsExactly(0x53, 0xef);
    assertThat(image.read(1536 * KIB - 3, new Size(10))).hasSize(3);
    assertThat(image.read(1536 * KIB + 3, new Size(10))).isEmpty();
    assertThatThrownBy(() -> image.read(-1, new Size(1))).hasMessageContaining("begin with 0");
    long[] last = {-1};
    Size given =
        image.used(
            true,
            (position, bytes) -> {
              assertThat(position).isGreaterThan(last[0]);
              last[0] = position;
              return kotlin.Unit.INSTANCE;
            });
    assertThat(given).isEqualTo(new Size(83 * KIB));
    Path to = folder.resolve("filled");
    image.restore(to.toString(), false, new byte[] {(byte) 0xaa});
    byte[] filled = Files.readAllBytes(to);
    int unused = 0;
    for (byte each : filled) {
      unused += each == (byte) 0xaa ? 1 : 0;
    }
    assertThat(unused).isGreaterThanOrEqualTo((1536 - 83) * KIB);
  }

  @Test
  void whatIsDamagedIsGivenOnlyToWhoDoesNotWantItProven() throws IOException {
    Image image = image(damaged());
    assertThatThrownBy(() -> image.used(true, (position, bytes) -> kotlin.Unit.INSTANCE))
        .isInstanceOf(blksh.image.DataChecksumException.class);
    assertThat(image.used(false, (position, bytes) -> kotlin.Unit.INSTANCE))
        .isEqualTo(new Size(83 * KIB));
  }

  @Test
  void anImageTellsWhatItIs() throws IOException {
    Image image = image(sitting.image(EXT4));
    assertThat(image.getFormat()).isEqualTo("partclone");
    assertThat(image.getFileSystem()).isEqualTo("EXTFS");
    assertThat(image.getChecksum()).isEqualTo("CRC32");
    assertThat(image.getCompression()).isEmpty();
    assertThat(image.getSize()).isEqualTo(new Size(1536 * KIB));
    assertThat(image.getUsed()).isEqualTo(new Size(83 * KIB));
    assertThat(image.getWarnings()).isEmpty();
    assertThat(image.getProblem()).isNull();
    assertThat(image.title()).isEqualTo("image " + EXT4);
    assertThat(Sitting.value(image, "compression")).isNull();
    assertThat(Sitting.value(image, "format")).isEqualTo("partclone 0002");
    assertThat(image.appendix()).isNull();
    assertThat(Sitting.value(image.getMap(), "data")).isEqualTo(new Size(83 * KIB));
  }

  @Test
  void itsHeaderIsThereFieldByField() throws IOException {
    Image image = image(sitting.image(EXT4));
    ImageInfo info = image.getInfo();
    assertThat(info.getHeader()).isNotEmpty();
    assertThat(info.title()).isEqualTo(image.title());
    assertThat(info.fields())
        .extracting(field -> field.label())
        .startsWith("name", "format")
        .doesNotHaveDuplicates();
    assertThat(info.fields()).extracting(field -> field.value()).doesNotContain("");
    assertThat(info.appendix()).isInstanceOf(BlockMap.class);
  }

  @Test
  void whatIsAnImageAmongFilesIsNamedAndEverythingElseRefused() throws IOException {
    Path noise = sitting.file("noise", random(10_000, 1));
    assertThatThrownBy(() -> image(noise))
        .isInstanceOf(BadMagicException.class)
        .hasMessageStartingWith("cannot open " + noise + ": ");
    assertThatThrownBy(() -> image(sitting.file("empty", new byte[0])))
        .isInstanceOf(BadMagicException.class);
    Sitting.refused(
        () -> image(folder),
        "cannot open "
            + folder
            + ": it is a directory, not an image; a Clonezilla directory opens as a set of images");
    Sitting.refused(
        () -> sitting.words.image("nbd://server01/disk", false, false, null, false),
        "cannot open nbd://server01/disk: images behind a network block device are not supported"
            + " yet");
  }

  @Test
  void anyBytesAreAnImageWhenTheyAreToldToBe() throws IOException {
    Path noise = sitting.file("noise", random(10_000, 1));
    Image raw = sitting.words.image(noise, false, true, null, false);
    assertThat(raw.getFormat()).isEqualTo("raw");
    assertThat(raw.getSize()).isEqualTo(new Size(10_000));
    assertThat(raw.getUsed()).isNull();
    assertThat(raw.compare(sitting.words.drive(noise)).getSame()).isTrue();
    Path image = sitting.image(EXT4);
    assertThat(sitting.words.image(image, false, true, null, false).getSize())
        .isEqualTo(new Size(Files.size(image)));
  }

  @Test
  void aSoundImageIsProvenGroupByGroup() throws IOException {
    ImageVerified verified = image(sitting.image(EXT4)).verify();
    assertThat(verified.getClean()).isTrue();
    assertThat(verified).hasToString("verified: clean");
    assertThat(verified.getDamage()).isEmpty();
    assertThat(verified.appendix()).isNull();
    assertThat(verified.figures())
        .containsEntry("clean", true)
        .containsEntry("checksum", "CRC32")
        .containsEntry("groups", 6L)
        .containsEntry("badGroups", 0L);
  }

  @Test
  void aDamagedGroupIsNamedWithTheBytesItHits() throws IOException {
    Image image = image(damaged());
    ImageVerified verified = image.verify();
    assertThat(verified.getClean()).isFalse();
    assertThat(verified).hasToString("verified: damaged");
    assertThat(verified.getDamage()).hasSize(1);
    DamagedGroup group = verified.getDamage().get(0);
    assertThat(group.getGroup()).isEqualTo(1);
    assertThat(group.getKind()).isEqualTo("DataChecksum");
    assertThat(group.getProblem()).isNotEmpty();
    assertThat(group.title()).isEqualTo("damage at byte " + group.getStart());
    assertThat(group.getLength().getBytes()).isGreaterThanOrEqualTo(16 * KIB);
    assertThat(Sitting.value(group, "last byte"))
        .isEqualTo(group.getStart() + group.getLength().getBytes() - 1);
    // There is one image only, which need not be named.
    assertThat(Sitting.value(group, "image")).isNull();
    assertThat(sitting.session.findings()).hasSize(1);
  }

  @Test
  void aPlainImageHasNoMembers() throws IOException {
    Image image = image(sitting.image(EXT4));
    assertThat(image.getMembers()).isEmpty();
    assertThat(image.member("sda1")).isNull();
    Sitting.refused(
        () -> image.get("sda1"), "cannot find image sda1: there is none; there are no images here");
  }

  @Test
  void aSetIsItsMembers() throws IOException {
    Image set = image(set());
    assertThat(set.getFormat()).isEqualTo("clonezilla");
    assertThat(set.getKeys()).containsExactly("sda1", "sda2", "sda3");
    assertThat(set.get("sda1").getName()).isEqualTo("set.sda1");
    assertThat(set.get("sda1").getFileSystem()).isEqualTo("EXTFS");
    assertThat(set.appendix()).isSameAs(set.getMembers());
    assertThat(Sitting.value(set.getInfo(), "disks")).hasToString("[sda]");
    Sitting.refused(
        () -> set.get("sda9"), "cannot find image sda9: there is none; there are sda1, sda2, sda3");
    Sitting.refused(
        set::open,
        "cannot open " + folder.resolve("set") + ": it holds 2 images; name one: sda1, sda3");
  }

  @Test
  void aMemberMayBeSwapSpaceOrDamaged() throws IOException {
    Image set = image(set());
    Image swap = set.get("sda2");
    assertThat(swap.getFormat()).isEqualTo("none");
    assertThat(swap.getProblem()).isNull();
    assertThat(swap.getSize()).isEqualTo(new Size(2048 * 512));
    Sitting.refused(
        swap::open,
        "cannot open sda2: the set keeps no image of it; it is swap space: make it anew with"
            + " mkswap");
    Image damaged = set.get("sda3");
    assertThat(damaged.getFormat()).isEqualTo("damaged");
    assertThat(damaged.getProblem()).isNotEmpty();
    assertThat(Sitting.value(damaged, "problem")).isEqualTo(damaged.getProblem());
    assertThat(set.getSize()).isEqualTo(new Size(1536 * KIB + 2048 * 512));
  }

  @Test
  void thePartitionsOfASetAreThoseWithImages() throws IOException {
    Partitions partitions = image(set()).getPartitions();
    assertThat(partitions.getKeys()).containsExactly("sda1", "sda3");
    assertThat(partitions.getKind()).isEqualTo(PartitionTable.Kind.NONE);
    Partition first = partitions.get("sda1");
    assertThat(first.getStart()).isEqualTo(2048 * 512);
    assertThat(first.getName()).isEqualTo("set.sda1");
    assertThat(partitions.get("1").getName()).isEqualTo("set.sda1");
    assertThat(first.getSize()).isEqualTo(new Size(1536 * KIB));
    assertThat(first.getFiles().getKeys()).contains("lost+found");
  }

  @Test
  void theProofOfASetNamesTheImageOfEachDamage() throws IOException {
    ImageVerified verified = image(set()).verify();
    assertThat(verified.getClean()).isFalse();
    assertThat(verified.getDamage()).singleElement();
    DamagedGroup broken = verified.getDamage().get(0);
    assertThat(Sitting.value(broken, "image")).isEqualTo("sda3");
    assertThat(broken.getGroup()).isEqualTo(-1);
    assertThat(Sitting.value(broken, "group")).isNull();
    assertThat(broken.getKind()).isEqualTo("BadMagic");
    assertThat((Collection<?>) Sitting.value(verified, "image")).hasSize(2);
  }

  @Test
  void whatWasCutShortOpensWhenDamageIsTolerated() throws IOException {
    Path path = sitting.image(EXT4);
    Files.write(path, Arrays.copyOf(Files.readAllBytes(path), SECOND_GROUP));
    Image cut = sitting.words.image(path, true, false, null, false);
    assertThat(cut.getSize()).isEqualTo(new Size(1536 * KIB));
    assertThat(cut.getWarnings()).isNotEmpty();
    assertThat((Collection<?>) Sitting.value(cut, "warnings")).hasSameSizeAs(cut.getWarnings());
    assertThat(cut.verify()).hasToString("verified: damaged");
  }
}
