package blksh.dsl;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.filesystem.FileEntry;
import blksh.filesystem.UnknownFileSystemException;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.view.Size;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import kotlin.Unit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files in a source: those of the sample disk, and of file systems made for the test. */
class InnerFilesTest {

  private static final String LETTERS = "/home/ada/letters";

  @TempDir Path folder;
  @AutoClose private Sitting sitting;

  @BeforeEach
  void open() {
    sitting = new Sitting(folder);
  }

  private InnerFiles sample() throws IOException {
    return sitting.words.drive(sitting.sample(1)).getFiles();
  }

  private InnerFiles empty() throws IOException {
    Path disk = Volumes.blank(folder.resolve("empty.img"), 2 * MIB);
    Tool.named("mkfs.vfat").run("-n", "NOTHING", disk);
    return sitting.words.drive(disk).getFiles();
  }

  @Test
  void filesAreFoundByPath() throws IOException {
    InnerFiles files = sample();
    assertThat(files.getType()).isEqualTo("ext4");
    assertThat(files.getLabel()).isEqualTo("sample");
    assertThat(files.getKeys()).contains("home", "etc", "srv", "lost+found");
    InnerFile conf = files.get("/etc/pump.conf");
    assertThat(conf.getText()).isEqualTo("pumps = 4\ninterval = 60\n");
    assertThat(conf.getKind()).isEqualTo(FileEntry.Kind.FILE);
    assertThat(conf.getSize()).isEqualTo(new Size(24));
    assertThat(conf).hasToString("/etc/pump.conf");
    assertThat(conf.getName()).isEqualTo("pump.conf");
    assertThat(conf.getList()).isEmpty();
    assertThat(conf.appendix()).isNull();
    assertThat(conf.getMode()).matches("[0-7]{3}");
    for (String path : List.of("etc/pump.conf", "//etc//pump.conf", "/etc/pump.conf/")) {
      assertThat(files.get(path).getPath()).as(path).isEqualTo("/etc/pump.conf");
    }
  }

  @Test
  void directoriesAreEnteredNameByName() throws IOException {
    InnerFile ada = sample().get("home").get("ada");
    assertThat(ada.getKind()).isEqualTo(FileEntry.Kind.DIRECTORY);
    assertThat(ada.getKeys()).contains("letters", "desktop.bmp", "latest.txt");
    assertThat(ada.get("letters/01.txt").getPath()).isEqualTo(LETTERS + "/01.txt");
    assertThat(ada.member("letters").getList()).hasSize(12);
    assertThat(ada.member("nothing")).isNull();
    InnerFile link = ada.get("latest.txt");
    assertThat(link.getKind()).isEqualTo(FileEntry.Kind.LINK);
    assertThat(link.getLink()).isEqualTo("letters/12.txt");
    assertThat(Sitting.value(ada, "link")).isNull();
  }

  @Test
  void whatIsNotThereIsRefusedWithWhatIs() throws IOException {
    assertThatThrownBy(() -> sample().get("/etc/fstab"))
        .isInstanceOf(BlkshException.class)
        .hasMessageStartingWith(
            "cannot find /etc/fstab in disk-1.img: there is no such file; at the top are ")
        .hasMessageContaining("home");
    InnerFiles empty = empty();
    assertThat(empty).isEmpty();
    assertThat(empty.getLabel()).isEqualTo("NOTHING");
    Sitting.refused(
        () -> empty.get("a"), "cannot find a in empty.img: there is no such file; it is empty");
  }

  @Test
  void patternsAreComparedWithNamesOrPaths() throws IOException {
    InnerFiles files = sample();
    assertThat(files.find("*.conf"))
        .extracting(InnerFile::getPath)
        .containsExactly("/etc/pump.conf");
    assertThat(files.find("0?.txt")).hasSize(9);
    assertThat(files.find("/home/ada/*.bmp"))
        .extracting(InnerFile::getName)
        .containsExactly("desktop.bmp");
    assertThat(files.find("/home/**.{bmp,txt}")).hasSize(14);
    assertThat(files.find("/*.bmp")).isEmpty();
    assertThat(files.find("")).isEmpty();
    assertThatThrownBy(() -> files.find("[a"))
        .isInstanceOf(BlkshException.class)
        .hasMessageStartingWith("cannot find [a in disk-1.img: it is no pattern: ");
  }

  @Test
  void everythingIsWalkedDirectoriesFirst() throws IOException {
    InnerFiles files = sample();
    List<String> seen = new ArrayList<>();
    files.walk(
        file -> {
          seen.add(file.getPath());
          return Unit.INSTANCE;
        });
    assertThat(seen).contains(LETTERS + "/12.txt", "/srv/vm/guest.raw").doesNotHaveDuplicates();
    assertThat(seen.indexOf("/home/ada")).isLessThan(seen.indexOf(LETTERS));
    assertThat(seen.indexOf(LETTERS)).isLessThan(seen.indexOf(LETTERS + "/01.txt"));
  }

  @Test
  void ofALongFileTheTextIsItsBeginning() throws IOException {
    InnerFile guest = sample().get("/srv/vm/guest.raw");
    assertThat(guest.getSize()).isEqualTo(new Size(4 * MIB));
    assertThat(guest.getBytes()).hasSize(4 * MIB);
    InnerFile data = sampleFile("/srv/data/measurements.csv");
    assertThat(data.getText())
        .startsWith("second,celsius,volt\n")
        .hasSize((int) data.getSize().getBytes());
  }

  private InnerFile sampleFile(String path) {
    return sitting.words.drive(folder.resolve("disk-1.img")).getFiles().get(path);
  }

  @Test
  void whatIsTooLargeToHoldIsCopiedOut() throws IOException {
    Path tree = Files.createDirectory(folder.resolve("tree"));
    Volumes.blank(tree.resolve("large"), 65L * MIB);
    Files.write(tree.resolve("text"), new byte[MIB + 7]);
    Path disk = Volumes.blank(folder.resolve("large.img"), 16 * MIB);
    Tool.named("mkfs.ext4").run("-q", "-d", tree, disk);
    InnerFiles files = sitting.words.drive(disk).getFiles();
    Sitting.refused(
        () -> files.get("large").getBytes(),
        "cannot read /large: its 65 MiB are too many to hold; copy it out: copy(to = \"…\")");
    assertThat(files.get("text").getText()).hasSize(MIB);
    assertThat(files.get("text").getBytes()).hasSize(MIB + 7);
    CopiedOut copied = files.get("large").copy(folder.resolve("out").toString());
    assertThat(folder.resolve("out")).hasSize(65L * MIB);
    assertThat(Sitting.value(copied, "copied")).isEqualTo(new Size(65L * MIB));
  }

  @Test
  void copiesGoToAFreePathOrIntoADirectory() throws IOException {
    InnerFiles files = sample();
    Path to = folder.resolve("letters");
    CopiedOut copied = files.get(LETTERS).copy(to.toString());
    assertThat(copied).hasToString("copied " + LETTERS);
    assertThat(Sitting.value(copied, "left out")).isEqualTo(0);
    assertThat(to.resolve("07.txt")).hasContent(files.get(LETTERS + "/07.txt").getText());
    files.get("/etc/pump.conf").copy(to.toString());
    assertThat(to.resolve("pump.conf")).hasContent("pumps = 4\ninterval = 60\n");
    assertThatThrownBy(() -> files.get("/etc/pump.conf").copy(to.toString()))
        .hasMessage("cannot copy /etc/pump.conf to " + to.resolve("pump.conf") + ": it exists");
    assertThatThrownBy(() -> files.copy(to.toString()))
        .hasMessage("cannot copy / to " + to + ": it exists");
    Sitting.refused(
        () -> files.copy("ssh://server01/tmp"),
        "cannot write ssh://server01/tmp: files and drives on another machine are not supported"
            + " yet");
  }

  @Test
  void aDryRunCopiesNothing() throws IOException {
    Path disk = sitting.sample(1);
    try (Sitting dry = new Sitting(folder, "--dry-run")) {
      Path to = folder.resolve("to");
      assertThat(dry.words.drive(disk).getFiles().copy(to.toString())).hasToString("would copy /");
      assertThat(to).doesNotExist();
    }
  }

  @Test
  void whatHoldsNoFilesSaysWhere() throws IOException {
    Drive noise = sitting.words.drive(sitting.file("noise", random(64 * KIB, 1)));
    assertThatThrownBy(() -> noise.getFiles().size())
        .isInstanceOf(UnknownFileSystemException.class)
        .hasMessage(
            "cannot read the files of file "
                + folder.resolve("noise")
                + ": it holds no known file system");
    Drive disk = sitting.words.drive(sitting.image("disk-gpt.img"));
    assertThatThrownBy(() -> disk.getFiles().getKeys())
        .isInstanceOf(UnknownFileSystemException.class)
        .hasMessageEndingWith(
            ": it is divided into partitions; say which: partitions[\"p1\"].files");
    assertThat(noise.getFiles()).hasToString("files of noise");
  }
}
