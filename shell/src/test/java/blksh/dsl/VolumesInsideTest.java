package blksh.dsl;

import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Lvm;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.luks.WrongPassphraseException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Logical volumes and encrypted ones as sources, by the words of scripts. */
class VolumesInsideTest {

  @TempDir Path folder;
  @AutoClose private Sitting sitting;

  @BeforeEach
  void open() {
    sitting = new Sitting(folder);
  }

  private static void write(Path file, long position, byte[] bytes) throws IOException {
    try (RandomAccessFile to = new RandomAccessFile(file.toFile(), "rw")) {
      to.seek(position);
      to.write(bytes);
    }
  }

  /** An ext4 of 8 MiB with a file in it. */
  private byte[] ext() throws IOException {
    Path ext = Volumes.blank(folder.resolve("ext"), 8 * MIB);
    Path etc = Files.createDirectories(folder.resolve("tree/etc"));
    Files.writeString(etc.resolve("fstab"), "none\n");
    Tool.named("mkfs.ext4").run("-q", "-d", folder.resolve("tree"), ext);
    return Files.readAllBytes(ext);
  }

  /** A disk with a partition that is a physical volume, and another one of the same group. */
  private void make(Path disk, Path other) throws IOException {
    Path part = Volumes.blank(folder.resolve("part"), 16 * MIB);
    Volumes.blank(other, 16 * MIB);
    try (Lvm lvm = Lvm.over(folder, part, other)) {
      lvm.run("pvcreate", lvm.device(0), lvm.device(1));
      lvm.run("vgcreate", "-s", "1M", "vg-0", lvm.device(0), lvm.device(1));
      lvm.run("lvcreate", "-an", "-Zn", "-Wn", "-L8M", "-nroot", "vg-0", lvm.device(0));
      lvm.run("lvcreate", "-an", "-Zn", "-Wn", "-L4M", "-i2", "-nwide", "vg-0");
    }
    write(part, MIB, ext());
    Volumes.blank(disk, 18 * MIB);
    Path table = Files.writeString(folder.resolve("table"), "label: dos\nstart=2048, type=8e\n");
    Tool.named("sh").run("-c", "sfdisk -q \"$0\" < \"$1\"", disk, table);
    write(disk, MIB, Files.readAllBytes(part));
  }

  @Test
  void aLogicalVolumeIsASourceAsAPartitionIs() throws IOException {
    Path file = folder.resolve("disk");
    Path second = folder.resolve("second");
    make(file, second);
    Drive disk = sitting.words.drive(file);
    Partitions partitions = disk.getPartitions();
    assertThat(partitions.getKeys()).containsExactly("p1", "vg-0/root", "vg-0/wide");
    assertThat(partitions.get("p1").getPartitions().getKeys())
        .containsExactly("vg-0/root", "vg-0/wide");
    Partition root = partitions.get("vg-0/root");
    for (String name : new String[] {"vg--0-root", "/dev/vg-0/root"}) {
      assertThat(partitions.get(name).getKey()).isEqualTo("vg-0/root");
    }
    assertThat(partitions.member("0")).isNull();
    assertThat(root.getName()).isEqualTo("disk.vg--0-root");
    assertThat(root.title()).isEqualTo("logical volume vg-0/root");
    assertThat(root.getType()).isEqualTo("linear");
    assertThat(root.getProblem()).isNull();
    assertThat(root.getFiles().get("/etc/fstab").getText()).isEqualTo("none\n");
    assertThat(root.getUsedBlocks().getFree().getBytes()).isGreaterThan(4 * MIB);
    Store store = sitting.words.store(folder.resolve("store"));
    store.capture(root, "root", true, false);
    assertThat(
            sitting
                .words
                .source("root@1", folder.resolve("store"), null)
                .getFiles()
                .get("/etc/fstab")
                .getText())
        .isEqualTo("none\n");
    store.capture(disk, "disk", false, false);
    Source inside = sitting.words.source("disk@1", folder.resolve("store"), "vg-0/root");
    assertThat(inside.compare(root).getSame()).isTrue();
    Sitting.refused(
        () -> disk.getFiles().get("/"),
        "cannot read the files of file "
            + file
            + ": it is divided into partitions; say which:"
            + " partitions[\"p1\"].files");
  }

  @Test
  void whatLiesOnSeveralSourcesIsAssembledOfAll() throws IOException {
    Path file = folder.resolve("disk");
    Path second = folder.resolve("second");
    make(file, second);
    Drive disk = sitting.words.drive(file);
    Partition wide = disk.getPartitions().get("vg-0/wide");
    assertThat(wide.getProblem()).contains("its physical volume").contains("is missing");
    assertThat(Sitting.value(wide, "not read")).isEqualTo(wide.getProblem());
    Partitions all = sitting.words.assemble(disk, sitting.words.drive(second));
    assertThat(all.getKeys()).containsExactly("vg-0/root", "vg-0/wide");
    assertThat(all.get("vg-0/wide").getName()).isEqualTo("vg--0-wide");
    assertThat(all.get("vg-0/wide").getSize().getBytes()).isEqualTo(4 * MIB);
    assertThat(all.get("vg-0/wide").sha256())
        .as("nothing was written there")
        .isEqualTo(sitting.words.drive(sitting.file("zeros", new byte[4 * MIB])).sha256());
    assertThat(all.get("vg-0/root").getFiles().get("/etc/fstab").getText()).isEqualTo("none\n");
  }

  @Test
  void whatIsEncryptedOpensWithAKeyFile() throws IOException {
    byte[] key = random(100, 1);
    Path keyFile = sitting.file("key", key);
    Path disk = sitting.file("disk", ext());
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(10 * MIB);
    }
    Tool.named("cryptsetup")
        .run(
            "reencrypt",
            "--encrypt",
            "--batch-mode",
            "--type",
            "luks2",
            "--reduce-device-size",
            "2M",
            "--luks2-keyslots-size",
            "640k",
            "--pbkdf",
            "pbkdf2",
            "--pbkdf-force-iterations",
            1000,
            "--key-file",
            keyFile,
            disk);
    Drive drive = sitting.words.drive(disk);
    Sitting.refused(
        () -> drive.getFiles().get("/"),
        "cannot read the files of file "
            + disk
            + ": it is encrypted (LUKS); open it with its"
            + " passphrase: unlock().files");
    Unlocked unlocked = drive.unlock(keyFile);
    assertThat(unlocked.getName()).isEqualTo("disk.decrypted");
    assertThat(unlocked.getEncryption()).isEqualTo("LUKS2, aes-xts-plain64");
    assertThat(unlocked.getFiles().get("/etc/fstab").getText()).isEqualTo("none\n");
    assertThat(unlocked.getUsedBlocks().getFree().getBytes()).isGreaterThan(4 * MIB);
    Path wrong = sitting.file("wrong", random(100, 2));
    Assertions.assertThatThrownBy(() -> drive.unlock(wrong))
        .isInstanceOf(WrongPassphraseException.class);
    Sitting.refused(
        () -> drive.unlock((Path) null),
        "cannot unlock disk: there is nobody to ask for its passphrase; name a file that holds it:"
            + " unlock(keyFile = \"FILE\")");
    for (String passphrase : new String[] {"my secret", "my\0secret"}) {
      Sitting.refused(
          () -> drive.unlock(passphrase),
          "cannot unlock disk: there is no key file of that name; a passphrase is never an"
              + " argument: unlock() asks for it");
    }
    Path plain = sitting.file("plain", new byte[MIB]);
    Sitting.refused(
        () -> sitting.words.drive(plain).unlock(keyFile),
        "cannot unlock plain: no LUKS volume is on it; its partitions may be: name one of them");
  }
}
