package blksh.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.Component;
import blksh.kit.FileTrees;
import blksh.kit.Tool;
import blksh.task.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Discs with parity: planned, written, damaged, and back. */
class DiscParityTest {

  private static final int SECTOR = 2048;
  private static final String FILES =
      """
      mkdir -p many; for i in $(seq 60); do head -c $((i * 1500)) /dev/urandom > many/f$i; done
      head -c 3000000 /dev/urandom > large; head -c 300000 /dev/zero > zeros; ln large again
      ln -s large link; mkdir empty
      """;

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

  private DiscSet segment(long capacity) {
    SegmentOptions plain =
        new SegmentOptions(Media.of(capacity), true, List.of(), 0, true, false, DiscWorkshop.MADE);
    return shop.catalogue.segment(plain.withParity(0.1, 0), false, Task.unwatched());
  }

  /** One disc with all files, and its image. */
  private Path written() throws IOException {
    shop.changed(FILES);
    Disc disc = segment(12_000_000).discs().get(0);
    WrittenDisc written = shop.write(disc);
    assertThat(written.faults()).isEmpty();
    assertThat(Files.size(shop.image(disc))).isEqualTo(disc.size());
    return shop.image(disc);
  }

  private Disc disc() {
    return shop.catalogue.discSet().discs().get(0);
  }

  private Path damaged(Path image, int seed) throws IOException {
    byte[] bytes = Files.readAllBytes(image);
    int sectors = bytes.length / SECTOR;
    new Random(seed)
        .ints(sectors / 50, 0, sectors)
        .forEach(each -> Arrays.fill(bytes, each * SECTOR, (each + 1) * SECTOR, (byte) 0));
    return Files.write(dir.resolve("damaged.iso"), bytes);
  }

  private Path scratched(Path image, int from) throws IOException {
    byte[] bytes = Files.readAllBytes(image);
    int length = bytes.length / SECTOR / 10 * SECTOR;
    Arrays.fill(bytes, from * SECTOR, from * SECTOR + length, (byte) 0x55);
    return Files.write(dir.resolve("damaged.iso"), bytes);
  }

  private void assertSame(Path back) throws IOException {
    String differences =
        Tool.named("rsync")
            .run("-aHAXcni", "--delete", "--modify-window=-1", shop.tree + "/", back + "/");
    assertThat(differences).isEmpty();
  }

  private static void needPrograms() {
    for (String each : List.of("rsync", "python3", "xorriso", "7z", "bsdtar")) {
      Component.need(Tool.isThere(each), "there is no " + each);
    }
  }

  @Test
  void ordinaryReadersReadADiscWithParity() throws IOException {
    needPrograms();
    Path image = written();
    assertThat(shop.catalogue.verify(disc(), image, Task.unwatched()).faults()).isEmpty();
    for (String each : List.of("7z", "xorriso", "bsdtar")) {
      Path out = Files.createDirectories(dir.resolve(each));
      switch (each) {
        case "7z" -> Tool.named("7z").run("x", "-y", "-o" + out, image);
        case "xorriso" ->
            Tool.named("xorriso").run("-osirrox", "on", "-indev", image, "-extract", "/", out);
        default -> Tool.named("bsdtar").run("-xf", image, "-C", out);
      }
      FileTrees.script(out, "sha256sum -c --quiet sha256sums.txt");
    }
  }

  @Test
  void whatIsDamagedComesBackFromTheImageItself() throws IOException {
    needPrograms();
    Path image = written();
    Path script = dir.resolve("restore.py");
    Files.write(script, DiscCargo.restoreScript());
    for (int turn = 0; turn < 3; turn++) {
      Path bad = turn < 2 ? damaged(image, turn) : scratched(image, 0);
      WrittenDisc found = turn < 2 ? verified(bad) : null;
      assertThat(turn < 2 && found.faultCount() == 0).isFalse();
      Path back = dir.resolve("back" + turn);
      assertThat(shop.restore(List.of(bad), back).problems()).isEmpty();
      assertSame(back);
      Path byScript = dir.resolve("script" + turn);
      Tool.named("python3").run("-I", script, byScript, bad);
      assertSame(byScript);
    }
  }

  private WrittenDisc verified(Path image) {
    return shop.catalogue.verify(disc(), image, Task.unwatched());
  }

  @Test
  void aDamagedImageIsMadeAgainToTheByte() throws IOException {
    Path image = written();
    for (int turn = 0; turn < 3; turn++) {
      Path bad = turn == 0 ? damaged(image, 7) : scratched(image, turn == 1 ? 0 : 1500);
      Path made = dir.resolve("made" + turn + ".iso");
      RepairedDisc repaired =
          shop.catalogue.repair(disc(), List.of(bad), made, false, Task.unwatched());
      assertThat(repaired.repaired()).isPositive();
      assertThat(repaired.faults()).isEmpty();
      assertThat(Files.mismatch(made, image)).isEqualTo(-1);

      shop.catalogue.repair(disc(), List.of(bad), null, true, Task.unwatched());
      assertThat(Files.mismatch(bad, image)).as("where it is").isEqualTo(-1);
    }
  }

  @Test
  void whatParityCannotPutRightIsTold() throws IOException {
    Path image = written();
    byte[] bytes = Files.readAllBytes(image);
    Arrays.fill(bytes, bytes.length / 2, bytes.length / 2 + bytes.length / 4, (byte) 1);
    Path bad = Files.write(dir.resolve("bad.iso"), bytes);
    Path made = dir.resolve("made.iso");
    assertThatThrownBy(
            () -> shop.catalogue.repair(disc(), List.of(bad), made, false, Task.unwatched()))
        .hasMessageContaining("cannot be put right");
    assertThat(made).doesNotExist();
    Task task = new Task("repair", "x");
    RepairedDisc report = shop.catalogue.repair(disc(), List.of(bad), null, true, task);
    assertThat(report.lost()).isPositive();
    assertThat(report.faultCount()).isPositive();
    assertThat(task.findings()).anyMatch(each -> each.contains("cannot be put right"));
  }

  @Test
  void aDiscWithoutParitySaysSo() throws IOException {
    shop.changed("echo x > x");
    Path image = shop.writeAll(shop.segment(4_000_000)).get(0);
    assertThatThrownBy(
            () -> shop.catalogue.repair(disc(), List.of(image), null, true, Task.unwatched()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("it has no parity");
  }

  @Test
  void aPlanWithParityIsToTheByteAndTheSameImagesComeOfIt() throws IOException {
    shop.changed(FILES);
    List<Path> images = new ArrayList<>();
    for (Disc each : segment(2_500_000).discs()) {
      assertThat(each.size()).isLessThanOrEqualTo(2_500_000);
      assertThat(shop.write(each).faults()).isEmpty();
      assertThat(Files.size(shop.image(each))).isEqualTo(each.size());
      images.add(shop.image(each));
    }
    assertThat(images.size()).isGreaterThan(1);
    for (Disc each : shop.catalogue.discSet().discs()) {
      Path again = dir.resolve("again.iso");
      shop.catalogue.write(each, again, true, false, Task.unwatched());
      assertThat(Files.mismatch(again, shop.image(each))).isEqualTo(-1);
    }
    assertThat(shop.restore(images, dir.resolve("back")).problems()).isEmpty();
  }

  @Test
  void aPlanByHandKeepsItsParity() throws IOException {
    shop.changed(FILES);
    Disc before = segment(12_000_000).discs().get(0);
    byte[] large = "large".getBytes(StandardCharsets.UTF_8);
    shop.catalogue.plan().assign(List.of(large), 1, false, Task.unwatched());
    assertThat(disc().size()).isEqualTo(before.size());
    assertThat(Protection.of(shop.catalogue.file(), disc().id()).rows()).isPositive();
    shop.catalogue.plan().unassign(null, false, Task.unwatched());
    assertThat(disc().size()).isEqualTo(before.size());
  }
}
