package blksh.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.io.Sha256;
import blksh.kit.FileTrees;
import blksh.kit.Tmpfs;
import blksh.task.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a restore makes of discs that are lost, damaged or there twice, and of what is there. */
class DiscRestoreTest {

  @TempDir Path dir;
  private DiscWorkshop shop;
  private Path back;

  @BeforeEach
  void open() throws IOException {
    shop = new DiscWorkshop(dir);
    back = dir.resolve("back");
  }

  @AfterEach
  void close() {
    shop.close();
  }

  private void assertSame(String name) throws IOException {
    assertThat(Files.mismatch(shop.tree.resolve(name), back.resolve(name))).isEqualTo(-1);
  }

  @Test
  void aRestoreOfNothingIsNoSuccess() throws IOException {
    shop.changed("mkdir 2019; echo x > 2019/x; echo y > y");
    List<Path> images = shop.writeAll(shop.segment(4_000_000));

    RestoreReport report =
        shop.catalogue.restore(
            images,
            List.of(
                "2019".getBytes(StandardCharsets.UTF_8), "2091".getBytes(StandardCharsets.UTF_8)),
            back,
            Task.unwatched());
    assertThat(report.problems()).singleElement().asString().startsWith("2091: nothing");
    assertThat(back.resolve("2019/x")).exists();

    shop.changed("rm -r 2019 y");
    Path empty = dir.resolve("empty");
    assertThatThrownBy(() -> shop.restore(images, empty))
        .hasMessageContaining("all 3 entries")
        .hasMessageContaining("restore.py");
    assertThat(empty).doesNotExist();
  }

  @Test
  void aFurtherNameOnAnotherFileSystemIsAFileOfItsOwn() throws IOException {
    shop.changed("mkdir d; echo x > a; ln a d/b");
    List<Path> images = shop.writeAll(shop.segment(4_000_000));

    try (Tmpfs drive = Tmpfs.of(back.resolve("d"), "4m")) {
      RestoreReport report = shop.restore(images, back);

      assertThat(report.problems())
          .singleElement()
          .asString()
          .contains("d/b: it is a file of its own", "link");
      assertThat(drive.path().resolve("b")).hasContent("x");
    }
  }

  @Test
  void aDirectoryWhosePlaceIsTakenEndsNothingElse() throws IOException {
    shop.changed("mkdir -p a/in b; echo x > a/x; echo y > a/in/y; echo z > b/z; mkdir hollow");
    List<Path> images = shop.writeAll(shop.segment(4_000_000));
    Files.createDirectories(back);
    FileTrees.script(back, "echo mine > a; echo mine > hollow");

    RestoreReport report = shop.restore(images, back);

    assertThat(report.problems()).hasSize(2).anyMatch(each -> each.startsWith("a: "));
    assertThat(report.lost()).isEqualTo(2);
    assertThat(back.resolve("b/z")).hasContent("z");
    assertThat(back.resolve("a")).hasContent("mine");
  }

  @Test
  void whatRottedWhereItIsIsFoundWhenItIsCompared() throws IOException {
    shop.changed("echo good > a; echo well > b; touch -d 2020-01-01 a b");
    List<Path> images = shop.writeAll(shop.segment(4_000_000));
    assertThat(shop.restore(images, back).problems()).isEmpty();
    FileTrees.script(back, "echo rott > a; touch -d 2020-01-01 a");
    assertThat(shop.restore(images, back).there()).isEqualTo(2);

    RestoreReport report = shop.catalogue.restore(images, List.of(), back, true, Task.unwatched());

    assertThat(report.there()).isEqualTo(1);
    assertThat(report.problems()).singleElement().asString().startsWith("a: ");
    assertThat(back.resolve("a")).hasContent("rott");
  }

  @Test
  void aLinkThatLeadsElsewhereIsNamed() throws IOException {
    shop.changed("ln -s there link");
    List<Path> images = shop.writeAll(shop.segment(4_000_000));
    shop.restore(images, back);
    assertThat(shop.restore(images, back).problems()).isEmpty();
    FileTrees.script(back, "ln -s elsewhere new; touch -h -r link new; mv new link");

    assertThat(shop.restore(images, back).problems()).singleElement().asString().contains("link");
  }

  @Test
  void whereItGoesToStaysItsOwnersWhenItWasThere() throws IOException {
    shop.changed("chmod 750 .; echo x > x; mkdir d; echo y > d/y; touch -d 2020-01-01 .");
    List<Path> images = shop.writeAll(shop.segment(4_000_000));
    Files.createDirectories(back);
    FileTrees.script(back, "chmod 1777 .");

    assertThat(shop.restore(images, back).problems()).isEmpty();
    assertThat(Files.getAttribute(back, "unix:mode")).isEqualTo(041777);

    Path fresh = dir.resolve("fresh");
    for (int i = 0; i < 2; i++) {
      shop.restore(images, fresh);
      assertThat(Files.getAttribute(fresh, "unix:mode")).isEqualTo(040750);
      assertThat(Files.getLastModifiedTime(fresh)).isEqualTo(Files.getLastModifiedTime(shop.tree));
      FileTrees.script(fresh, "rm x");
    }
  }

  @Test
  void aPartThatIsThereDoesNotHideTheWholeOfAnotherSet() throws IOException {
    shop.changed("head -c 4000000 /dev/urandom > video");
    List<Path> parts = shop.writeAll(shop.segment(3_000_000));
    List<Path> whole = shop.writeAll(shop.replan(8_000_000));
    assertThat(parts).hasSize(2);
    assertThat(whole).hasSize(1);

    RestoreReport report = shop.restore(List.of(parts.get(0), whole.get(0)), back);

    assertThat(report.lost()).isZero();
    assertSame("video");
  }

  @Test
  void whatIsDamagedOnOneDiscComesFromAnother() throws IOException {
    shop.changed("head -c 400000 /dev/urandom > photo; head -c 4000000 /dev/urandom > video");
    Path damaged = shop.writeAll(shop.segment(8_000_000)).get(0);
    shop.damage(damaged, "photo");
    shop.damage(damaged, "video");
    assertThat(shop.restore(List.of(damaged), back).lost()).isEqualTo(2);
    assertThat(back.resolve("photo")).doesNotExist();
    List<Path> parts = shop.writeAll(shop.replan(3_000_000));
    assertThat(parts.size()).isGreaterThan(1);

    List<Path> all = new ArrayList<>(List.of(damaged));
    all.addAll(parts);
    RestoreReport report = shop.restore(all, back);

    assertThat(report.problems()).isEmpty();
    assertSame("photo");
    assertSame("video");
  }

  @Test
  void whatIsDamagedOnOneCopyOfADiscComesFromAnother() throws IOException {
    shop.changed("head -c 400000 /dev/urandom > one; head -c 400000 /dev/urandom > two");
    Path image = shop.writeAll(shop.segment(4_000_000)).get(0);
    Path copy = Files.copy(image, dir.resolve("copy.iso"));
    shop.damage(image, "one");
    shop.damage(copy, "two");

    assertThat(shop.restore(List.of(image), dir.resolve("alone")).lost()).isEqualTo(1);
    assertThat(shop.restore(List.of(image, copy), back).problems()).isEmpty();

    assertSame("one");
    assertSame("two");
  }

  @Test
  void whatIsOnAMarkedDiscComesFromTheOneThatWasWrittenAfterIt() throws IOException {
    shop.changed("head -c 400000 /dev/urandom > photo; touch -d 2024-01-01 photo");
    Disc disc = shop.segment(4_000_000).discs().get(0);
    FileTrees.script(shop.tree, "cp -a photo ../kept; echo other > photo");
    assertThat(shop.write(disc).faultCount()).isEqualTo(1);
    FileTrees.script(shop.tree, "rm photo; cp -a ../kept photo; sleep 0.1");
    shop.scan(shop.tree);

    List<Path> second = shop.writeAll(shop.segment(4_000_000));
    assertThat(second).hasSize(1);
    RestoreReport report = shop.restore(List.of(shop.image(disc), second.get(0)), back);

    assertThat(report.problems()).isEmpty();
    assertSame("photo");
    assertThat(shop.segment(4_000_000).discs())
        .as("it is well on the second")
        .allMatch(each -> each.written() != null);
  }

  @Test
  void aRestoreThatWasBrokenOffIsGoneOnWith() throws IOException {
    shop.changed("head -c 60000000 /dev/zero > video; echo x > x");
    List<Path> images = shop.writeAll(shop.segment(80_000_000));
    Task task = new Task("restore", "photos");
    Thread stopping =
        new Thread(
            () -> {
              while (task.done() < 1_000_000) {
                Thread.onSpinWait();
              }
              task.cancel();
            });
    stopping.setDaemon(true);
    stopping.start();

    assertThatThrownBy(() -> shop.catalogue.restore(images, List.of(), back, task))
        .hasMessageContaining("interrupted");
    assertThat(back.resolve("video")).doesNotExist();
    Files.writeString(back.resolve(unnamed("video")), "left by a kill");

    assertThat(shop.restore(images, back).problems()).isEmpty();
    assertSame("video");
    try (var left = Files.list(back)) {
      assertThat(left.map(each -> each.getFileName().toString()))
          .containsExactlyInAnyOrder("video", "x");
    }
  }

  /** What a file is called until it is whole. */
  private static String unnamed(String name) {
    byte[] digest = Sha256.begin().digest(name.getBytes(StandardCharsets.UTF_8));
    return ".blksh-restore-" + HexFormat.of().formatHex(digest, 0, 12);
  }

  @Test
  void aFurtherNameIsNotGivenToSomebodyElsesFile() throws IOException {
    shop.changed("echo good > a; ln a b; ln a c");
    List<Path> images = shop.writeAll(shop.segment(4_000_000));
    Files.createDirectories(back);
    Files.writeString(back.resolve("a"), "old!!");

    RestoreReport report = shop.restore(images, back);

    assertThat(back.resolve("a")).hasContent("old!!");
    assertThat(Files.readString(back.resolve("b"))).isEqualTo("good\n");
    assertThat(Files.readString(back.resolve("c"))).isEqualTo("good\n");
    assertThat(report.problems()).anyMatch(each -> each.startsWith("a:"));
  }
}
