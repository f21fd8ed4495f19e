package blksh.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.iso.DiscContent;
import blksh.kit.FileTrees;
import blksh.kit.Tmpfs;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No file is left on no disc without a word, whatever happens between a scan and the last disc. */
class DiscLossTest {

  @TempDir Path dir;
  private DiscWorkshop shop;

  @BeforeEach
  void open() throws IOException {
    shop = new DiscWorkshop(dir);
  }

  @AfterEach
  void close() {
    shop.close();
  }

  private void assertComesBack(List<Path> images) throws IOException {
    Path back = dir.resolve("back");
    assertThat(shop.restore(images, back).problems()).isEmpty();
    assertThat(FileTrees.listing(back)).isEqualTo(FileTrees.listing(shop.tree));
  }

  @Test
  void aFileInPartsIsPlannedAnewUntilAllPartsAreWritten() throws IOException {
    shop.changed("head -c 5500000 /dev/urandom > video");
    DiscSet first = shop.segment(3_000_000);
    assertThat(first.discs()).hasSize(3);
    shop.write(first.discs().get(0));

    shop.changed("echo new > new");
    DiscSet second = shop.segment(3_000_000);
    List<Path> images = new ArrayList<>(List.of(shop.image(first.discs().get(0))));
    images.addAll(shop.writeAll(second));

    assertComesBack(images);
    assertThat(shop.segment(3_000_000).discs()).as("nothing more").hasSize(second.discs().size());
  }

  @Test
  void anEntryThatADiscOnlyRefersToIsPlannedWhenItsContentsAreOnNone() throws IOException {
    shop.changed("head -c 1200000 /dev/urandom > x; head -c 1200000 /dev/urandom > a; cp a b");
    DiscSet set = shop.segment(2_000_000);
    assertThat(set.discs()).hasSize(2);
    assertThat(shop.catalogue.which("x").get(0).discs()).as("it is on none yet").isEmpty();
    long onFirst =
        shop.number(
            "SELECT count(*) FROM place p JOIN entry e ON e.id = p.entry"
                + " WHERE e.name = 'x' AND p.disc = ?",
            set.discs().get(0).id());
    Disc one = set.discs().get(onFirst == 1 ? 0 : 1);
    shop.execute(
        "INSERT INTO place (disc, entry) SELECT ?, id FROM entry WHERE name = 'b'", one.id());
    shop.execute("UPDATE disc SET written = 1 WHERE id = ?", one.id());

    shop.changed("rm a");
    DiscSet again = shop.segment(2_000_000);

    assertThat(again.discs()).hasSize(2);
    assertThat(shop.number("SELECT count(*) FROM part WHERE missing = 0")).isEqualTo(2);
  }

  @Test
  void discsThatAnotherCatalogueTellsOfHoldNothing() throws IOException {
    shop.changed("for i in 1 2 3; do echo $i > f$i; done");
    Path json = dir.resolve("catalogue.json");
    shop.segment(4_000_000);
    shop.catalogue.export(json, Task.unwatched());
    assertThat(Files.readString(json)).contains("disc_num");
    shop.close();
    Files.delete(dir.resolve("c.catalogue"));
    shop = new DiscWorkshop(dir);

    shop.catalogue.merge(json, Task.unwatched());
    shop.scan(shop.tree);
    DiscSet set = shop.segment(4_000_000);

    assertThat(set.discs()).hasSize(1);
    assertComesBack(shop.writeAll(set));
  }

  @Test
  void aSizeThatAnotherCatalogueTellsIsNotBelievedOnceTheFileWasRead() throws IOException {
    shop.changed("head -c 300000 /dev/urandom > photo");
    Path json = dir.resolve("catalogue.json");
    shop.catalogue.export(json, Task.unwatched());
    Files.writeString(json, Files.readString(json).replace("300000", "14"));
    shop.close();
    Files.delete(dir.resolve("c.catalogue"));
    shop = new DiscWorkshop(dir);

    shop.catalogue.merge(json, Task.unwatched());
    shop.scan(shop.tree);

    assertComesBack(shop.writeAll(shop.segment(4_000_000)));
  }

  @Test
  void anEmptyFileThatIsNoneAnyMoreIsNamedAndPlannedAnew() throws IOException {
    shop.changed(": > empty; : > gone; echo x > x");
    Disc disc = shop.segment(4_000_000).discs().get(0);
    FileTrees.script(shop.tree, "echo much > empty; rm gone");

    WrittenDisc written = shop.write(disc);

    assertThat(written.faults()).singleElement().asString().contains("empty", "5 bytes");
    assertThat(written.faultCount()).isEqualTo(1);
    assertThat(written.disc().marked()).isTrue();
    assertThat(shop.catalogue.verify(disc(1), shop.image(disc), Task.unwatched()).faults())
        .isEmpty();
    shop.changed("");
    assertThat(shop.segment(4_000_000).discs()).hasSize(2);
  }

  private Disc disc(int number) {
    return shop.catalogue.discSet().discs().get(number - 1);
  }

  @Test
  void whatTheLastScanDidNotComeToIsSaid() throws IOException {
    shop.changed("echo x > x");
    Task whole = new Task("segment", "photos");
    shop.segment(4_000_000, false, whole);
    assertThat(whole.findings()).isEmpty();

    shop.execute("UPDATE scan SET ended = NULL");
    Task broken = new Task("segment", "photos");
    shop.segment(4_000_000, false, broken);
    assertThat(String.join("\n", broken.findings())).contains("tree", "broken off");

    shop.execute("UPDATE scan SET ended = 1, problems = 3");
    Task problems = new Task("segment", "photos");
    shop.segment(4_000_000, false, problems);
    assertThat(String.join("\n", problems.findings())).contains("3 things");
  }

  @Test
  void aContentIsReadByTheNameThatShowsNoChange() throws IOException {
    shop.changed("head -c 70000 /dev/urandom > a; cp a b");
    Disc disc = shop.segment(4_000_000).discs().get(0);
    FileTrees.script(shop.tree, "head -c 70000 /dev/urandom > a");

    assertThat(shop.write(disc).faults()).isEmpty();
  }

  @Test
  void aContentIsReadByWhicheverOfManyNamesShowsNoChange() throws IOException {
    shop.changed("head -c 70000 /dev/urandom > z; for i in $(seq 20); do cp z a$i; done");
    Disc disc = shop.segment(4_000_000).discs().get(0);
    FileTrees.script(shop.tree, "for i in $(seq 20); do echo other > a$i; done");

    assertThat(shop.write(disc).faults()).isEmpty();
  }

  @Test
  void aFileInPartsThatMayHaveChangedIsRefusedBeforeAnImageIsBegun() throws IOException {
    shop.changed("head -c 5500000 /dev/urandom > video");
    Disc disc = shop.segment(3_000_000).discs().get(0);
    FileTrees.script(shop.tree, "touch video");

    assertThatThrownBy(() -> shop.write(disc))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("video")
        .hasMessageContaining("since it was scanned");
    assertThat(shop.image(disc)).doesNotExist();
  }

  @Test
  void noTwoDiscsAreKnownByTheSame() throws IOException {
    shop.changed("echo x > x");
    shop.writeAll(shop.segment(4_000_000));
    Disc first = disc(1);

    Disc second = shop.replan(4_000_000).discs().get(0);

    assertThat(second.guid()).isNotEqualTo(first.guid());
    assertThat(second.name()).isNotEqualTo(first.name());
  }

  @Test
  void aSetThatWasBegunAnewIsGoneOnWith() throws IOException {
    shop.changed("for i in 1 2 3; do head -c 1200000 /dev/urandom > f$i; done");
    shop.writeAll(shop.segment(2_000_000));
    DiscSet anew = shop.replan(2_000_000);
    assertThat(anew.discs()).hasSize(3);

    DiscSet unwritten = shop.segment(2_000_000);
    assertThat(unwritten.discs())
        .as("before any is written")
        .hasSize(3)
        .allMatch(each -> each.written() == null && each.name().startsWith("PHOTOS_2_"));

    List<Path> images = new ArrayList<>(List.of(shop.image(unwritten.discs().get(0))));
    shop.write(unwritten.discs().get(0));
    DiscSet rest = shop.segment(2_000_000);
    assertThat(rest.discs()).hasSize(3);
    images.addAll(shop.writeAll(rest));

    assertThat(images).hasSize(3);
    assertComesBack(images);
  }

  @Test
  void whatVerifyFindsDamagedIsPlannedAnew() throws IOException {
    shop.changed("for i in 1 2 3; do head -c 300000 /dev/urandom > f$i; done");
    Disc disc = shop.segment(4_000_000).discs().get(0);
    Path image = shop.write(disc).image();
    byte[] whole = Files.readAllBytes(image);
    shop.damage(image, "f2");

    assertThat(shop.catalogue.verify(disc(1), image, Task.unwatched()).faults())
        .singleElement()
        .asString()
        .contains("f2");
    assertThat(disc(1).marked()).as("it was well when it was written").isFalse();
    DiscSet again = shop.segment(4_000_000);

    assertThat(again.discs()).hasSize(2);
    assertThat(shop.number("SELECT count(*) FROM part WHERE disc = ?", disc(2).id())).isEqualTo(1);
    List<Path> images = new ArrayList<>(List.of(image));
    images.addAll(shop.writeAll(again));
    assertComesBack(images);
    assertThat(shop.segment(4_000_000).discs()).as("nothing more").hasSize(2);

    Files.write(image, whole);
    shop.catalogue.verify(disc(1), image, Task.unwatched());
    assertThat(shop.number("SELECT count(*) FROM lost")).as("of another copy").isEqualTo(1);
    shop.catalogue.lost(disc(1), false);
    assertThat(shop.number("SELECT count(*) FROM lost")).isZero();
  }

  @Test
  void aDiscThatIsLostIsPlannedAnewWithAllItTellsOf() throws IOException {
    shop.changed("head -c 300000 /dev/urandom > f; : > empty; ln -s f link; mkdir -p in/there");
    shop.writeAll(shop.segment(4_000_000));
    assertThat(shop.segment(4_000_000).discs()).hasSize(1);

    assertThat(shop.catalogue.figures().onDiscs()).isEqualTo(1);
    shop.catalogue.lost(disc(1), true);
    assertThat(shop.catalogue.figures().onDiscs()).isZero();
    DiscSet again = shop.segment(4_000_000);

    assertThat(again.discs()).hasSize(2);
    assertComesBack(shop.writeAll(again));
    assertThat(shop.number("SELECT count(*) FROM place WHERE disc = ?", disc(2).id()))
        .isEqualTo(shop.number("SELECT count(*) FROM place WHERE disc = ?", disc(1).id()));
    assertThat(shop.segment(4_000_000).discs()).as("nothing more").hasSize(2);
  }

  @Test
  void whatLiesWhereAnImageWasIsNoImage() throws IOException {
    shop.changed("echo x > x");
    Disc disc = shop.segment(4_000_000).discs().get(0);
    Path image = shop.tree.resolve("new.iso");
    shop.catalogue.write(disc, image, false, false, Task.unwatched());
    shop.changed("");
    assertThat(shop.catalogue.which("new.iso")).as("an image of its own").isEmpty();

    Files.move(image, dir.resolve("moved.iso"));
    shop.changed("echo another > new.iso");

    assertThat(shop.catalogue.which("new.iso")).hasSize(1);
    assertThat(shop.segment(4_000_000).discs()).hasSize(2);
  }

  @Test
  void aFileThatIsNeverAtRestKeepsNoOtherFromDiscs() throws IOException {
    shop.changed("head -c 5500000 /dev/urandom > disk.img; ln disk.img same; echo z > z");
    shop.execute("UPDATE entry SET settled = 0 WHERE name IN ('disk.img', 'same')");
    Task task = new Task("segment", "photos");

    DiscSet set = shop.segment(3_000_000, false, task);

    assertThat(String.join("\n", task.findings())).contains("disk.img", "at rest");
    assertThat(task.findings()).hasSize(1);
    List<Path> images = new ArrayList<>(shop.writeAll(set));
    assertThat(images).hasSize(1);
    RestoreReport report = shop.restore(images, dir.resolve("half"));
    assertThat(dir.resolve("half/z")).exists();
    assertThat(report.lost()).isEqualTo(2);

    shop.changed("");
    images.addAll(shop.writeAll(shop.segment(3_000_000)));
    assertComesBack(images);
  }

  @Test
  void whatIsNotMountedIsNotGone() throws IOException {
    try (Tmpfs drive = Tmpfs.of(shop.tree.resolve("usb"), "4m")) {
      Files.createDirectory(drive.path().resolve("in"));
      shop.changed("echo x > usb/in/x; echo y > usb/y; echo z > z");
    }

    ScanReport report = shop.scan(shop.tree);

    assertThat(report.problems()).singleElement().asString().contains("usb: ", "mount");
    assertThat(shop.catalogue.which("x")).hasSize(1);
    assertThat(shop.catalogue.which("y")).hasSize(1);

    shop.changed("rm -r usb");
    assertThat(shop.catalogue.which("y")).as("the directory itself is gone").isEmpty();
  }

  @Test
  void whatWasDeletedIsGoneThoughDevicesHaveOtherNumbersSince() throws IOException {
    shop.changed("mkdir d; echo x > d/x");
    shop.execute("UPDATE entry SET device = device + 1");
    FileTrees.script(shop.tree, "rm d/x");

    assertThat(shop.scan(shop.tree).problems()).isEmpty();
    assertThat(shop.catalogue.which("x")).isEmpty();
  }

  @Test
  void aRootThatIsNotMountedIsNotEmptied() throws IOException {
    shop.changed("echo x > x");
    List<Path> images = shop.writeAll(shop.segment(4_000_000));
    shop.execute("UPDATE entry SET device = device + 1 WHERE name = 'x'");
    FileTrees.script(shop.tree, "rm x");

    assertThat(shop.scan(shop.tree).problems()).singleElement().asString().contains("the root");

    Path back = dir.resolve("back");
    assertThat(shop.restore(images, back).entries()).isEqualTo(1);
    assertThat(back.resolve("x")).exists();
  }

  @Test
  void anImageThatGotItsNameCountsAsWrittenAfterAKill() throws IOException {
    shop.changed("echo x > x");
    Disc disc = shop.segment(4_000_000).discs().get(0);
    shop.write(disc);

    shop.execute("UPDATE disc SET written = NULL"); // killed before that was noted
    assertThat(shop.write(disc).disc().written()).isNotNull();
    shop.execute("UPDATE disc SET written = NULL");
    assertThat(shop.segment(4_000_000).discs())
        .singleElement()
        .satisfies(each -> assertThat(each.written()).isNotNull());

    shop.execute("UPDATE disc SET written = NULL");
    Files.delete(shop.image(disc)); // killed before it had its name
    assertThat(shop.segment(4_000_000).discs())
        .singleElement()
        .satisfies(each -> assertThat(each.written()).isNull());
  }

  @Test
  void anImageOnADriveThatIsNotMountedIsNotGivenUp() throws IOException {
    shop.changed("echo x > x");
    shop.write(shop.segment(4_000_000).discs().get(0));
    shop.execute("UPDATE disc SET written = NULL"); // killed before that was noted
    Path away = dir.resolve("away");
    Files.move(shop.isos, away);

    assertThatThrownBy(() -> shop.segment(4_000_000)).hasMessageContaining("is not there");
    Files.move(away, shop.isos);

    assertThat(shop.segment(4_000_000).discs().get(0).written()).isNotNull();
  }

  @Test
  void aDiscThatWasPlannedOtherwiseMeanwhileIsRefused() throws IOException {
    shop.changed("echo x > x");
    Disc disc = shop.segment(4_000_000).discs().get(0);
    shop.changed("echo y > y; echo zz > z");
    assertThat(shop.segment(4_000_000).discs().get(0).id()).isEqualTo(disc.id());

    assertThatThrownBy(() -> shop.write(disc)).hasMessageContaining("otherwise meanwhile");
  }

  @Test
  void aDiscThatIsWrittenIsMadeOnceMoreOnlyAsItWas() throws IOException {
    shop.changed("head -c 70000 /dev/urandom > a; : > empty");
    Disc disc = shop.segment(4_000_000).discs().get(0);
    Path image = shop.image(disc);
    shop.write(disc);
    byte[] before = Files.readAllBytes(image);
    Disc written = disc(1);

    assertThat(shop.catalogue.write(written, image, true, false, Task.unwatched()).faults())
        .isEmpty();
    assertThat(Files.readAllBytes(image)).isEqualTo(before);

    for (String change : List.of("echo much > empty", ": > empty; echo other > a")) {
      FileTrees.script(shop.tree, change);
      assertThatThrownBy(() -> shop.catalogue.write(written, image, true, false, Task.unwatched()))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("once more");
      assertThat(Files.readAllBytes(image)).isEqualTo(before);
      assertThat(disc(1).marked()).isFalse();
    }
  }

  @Test
  void whatWasWrittenStaysWhereItLies() throws IOException {
    shop.changed("head -c 70000 /dev/urandom > a");
    Disc disc = shop.segment(4_000_000).discs().get(0);
    shop.write(disc);
    shop.execute("UPDATE part SET sector = sector + 1"); // as if images were laid out otherwise now
    long before = shop.number("SELECT sector FROM part");

    assertThatThrownBy(
            () -> shop.catalogue.write(disc(1), shop.image(disc), true, false, Task.unwatched()))
        .hasMessageContaining("once more")
        .hasMessageContaining("a would lie");
    assertThat(shop.number("SELECT sector FROM part")).isEqualTo(before);
  }

  @Test
  void aDiscHasTheScriptItWasPlannedWith() throws IOException {
    shop.changed("echo x > x");
    Disc disc = shop.segment(4_000_000).discs().get(0);
    shop.write(disc);
    assertThat(shop.number("SELECT script FROM disc")).isEqualTo(DiscCargo.restoreScript().length);

    shop.execute("UPDATE disc SET script = script + 1"); // as if that of today were another

    assertThat(shop.catalogue.verify(disc(1), shop.image(disc), Task.unwatched()).faults())
        .as("it is looked for as long as it was")
        .anyMatch(each -> each.contains("restore.py"));
    assertThatThrownBy(
            () -> shop.catalogue.write(disc(1), dir.resolve("y"), false, false, Task.unwatched()))
        .hasMessageContaining("restore.py");
  }

  @Test
  void aFileLargerThanAnEntryOfADiscIsSpannedOnOneDisc() throws IOException {
    shop.changed("echo x > x");
    shop.execute("UPDATE content SET size = ?", 300_000_000_000L);
    shop.execute("UPDATE entry SET size = ? WHERE name = 'x'", 300_000_000_000L);

    assertThat(shop.segment(4_000_000_000_000L).discs()).hasSize(1);

    assertThat(shop.number("SELECT count(*) FROM part")).isEqualTo(2);
    assertThat(shop.number("SELECT max(length) FROM part"))
        .isLessThanOrEqualTo(DiscContent.LARGEST);
  }

  @Test
  void partsOfLongNamesThatDifferAtTheirEndHaveNamesOfTheirOwn() throws IOException {
    shop.changed(
        """
        n=$(printf 'n%.0s' $(seq 251)); for i in 1 2; do head -c 2200000 /dev/urandom > $n-00$i; done""");
    List<Path> images = shop.writeAll(shop.segment(2_600_000));
    assertThat(images.size()).isGreaterThan(1);
    assertComesBack(images);
  }

  @Test
  void aNameThatDiscsHaveNoRoomForIsRefused() {
    assertThatThrownBy(() -> shop.catalogue.job("x".repeat(4000), null, null, null))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("4000 characters");
  }

  @Test
  void aSecondSourceLeavesTheFirstWhereItWas() throws IOException {
    Path more = Files.createDirectories(dir.resolve("more"));
    Files.writeString(more.resolve("y"), "yy");
    shop.changed("echo x > x; mkdir more; echo z > more/z");
    List<Path> images = new ArrayList<>(shop.writeAll(shop.segment(4_000_000)));

    shop.scan(more);
    images.addAll(shop.writeAll(shop.segment(4_000_000)));

    Path back = dir.resolve("back");
    assertThat(shop.restore(images, back).problems()).isEmpty();
    assertThat(back.resolve("x")).exists();
    assertThat(back.resolve("more/z")).exists();
    assertThat(back.resolve("more-2/y")).hasContent("yy");
  }

  @Test
  void nothingIsCalledAsTheDirectoryOfAnotherSource() throws IOException {
    Path usb = Files.createDirectories(dir.resolve("usb"));
    Files.writeString(usb.resolve("y"), "yy");
    shop.changed("echo x > x");
    shop.writeAll(shop.segment(4_000_000));
    shop.scan(usb);
    shop.writeAll(shop.segment(4_000_000));

    shop.changed("mkdir usb; echo z > usb/z");
    assertThatThrownBy(() -> shop.segment(4_000_000))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("tree has usb by now");

    shop.changed("mv usb stick");
    assertThat(shop.segment(4_000_000).discs()).hasSize(3);
  }

  @Test
  void aDiscTakesNoMoreEntriesThanMemoryHoldsWhenItIsWritten() throws Exception {
    DiscFill fill =
        new DiscFill(1, 0, 10_000_000, new DiscCargo(1000, true, 0), (disc, entry) -> {}, 3);
    for (int i = 1; i <= 3; i++) {
      assertThat(fill.add(directory(i), 0)).isTrue();
    }

    assertThat(fill.add(directory(4), 0)).isFalse();
    assertThat(DiscFill.MOST_ENTRIES).as("what was seen to fit").isLessThan(500_000);
  }

  private static DiscItem directory(int number) {
    byte[] name = {'d', (byte) ('0' + number)};
    return DiscItem.directory(new DirectoryLevel(number, null, name, name, null, 50));
  }
}
