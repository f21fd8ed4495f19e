package blksh.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.kit.Component;
import blksh.kit.FileTrees;
import blksh.kit.Tool;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sets with parity discs, of which some are lost. */
class ParityDiscsTest {

  private static final long CAPACITY = 3_000_000;

  @TempDir Path dir;
  private DiscWorkshop shop;

  @BeforeEach
  void open() throws IOException {
    shop = new DiscWorkshop(dir);
    for (String each : List.of("rsync", "python3")) {
      Component.need(Tool.isThere(each), "there is no " + each);
    }
  }

  @AfterEach
  void close() {
    shop.close();
  }

  private DiscSet segment(int parityDiscs, double parity) {
    SegmentOptions plain =
        new SegmentOptions(Media.of(CAPACITY), false, List.of(), 0, true, false, DiscWorkshop.MADE);
    return shop.catalogue.segment(plain.withParity(parity, parityDiscs), false, Task.unwatched());
  }

  private void files() throws IOException {
    shop.changed(
        """
        mkdir -p d; for i in $(seq 40); do head -c $((i * 9000)) /dev/urandom > d/f$i; done
        head -c 3500000 /dev/urandom > in-parts; ln in-parts again; mkdir empty
        """);
  }

  private List<Path> written(int parityDiscs, double parity) throws IOException {
    files();
    List<Path> images = shop.writeAll(segment(parityDiscs, parity));
    for (Disc each : shop.catalogue.discSet().discs()) {
      assertThat(Files.size(shop.image(each))).isEqualTo(each.size()).isLessThan(CAPACITY);
      assertThat(shop.catalogue.verify(each, shop.image(each), Task.unwatched()).faults())
          .isEmpty();
    }
    return images;
  }

  private void assertSame(Path back) throws IOException {
    assertThat(
            Tool.named("rsync")
                .run("-aHAXcni", "--delete", "--modify-window=-1", shop.tree + "/", back + "/"))
        .isEmpty();
  }

  /** By words and by the script. */
  private void assertComesBack(List<Path> images, String name) throws IOException {
    assertComesBack(images, name, 0);
  }

  private void assertComesBack(List<Path> images, String name, int status) throws IOException {
    Path back = dir.resolve(name);
    assertThat(shop.restore(images, back).problems()).isEmpty();
    assertSame(back);
    Path byScript = dir.resolve(name + "-script");
    List<Object> words = new ArrayList<>(List.of("-I", script(), byScript));
    words.addAll(images);
    Tool.named("python3").runAllowing(status, words.toArray());
    assertSame(byScript);
  }

  private Path script() throws IOException {
    return Files.write(dir.resolve("restore.py"), DiscCargo.restoreScript());
  }

  @Test
  void anyDiscOfASetComesBackFromTheOthers() throws IOException {
    List<Path> images = written(1, 0);
    assertThat(images.size()).isGreaterThan(4);
    Path parity = images.get(images.size() - 1);
    assertThat(parity.getFileName().toString()).contains("_P");
    for (int lost : new int[] {0, images.size() - 2}) {
      List<Path> left = new ArrayList<>(images);
      Path gone = left.remove(lost);
      assertComesBack(left, "without" + lost);
      Disc disc = shop.catalogue.discSet().discs().get(lost);
      Path made = dir.resolve("made" + lost + ".iso");
      shop.catalogue.repair(disc, left, made, false, Task.unwatched());
      assertThat(Files.mismatch(made, gone)).isEqualTo(-1);
    }
    List<Path> tooFew = images.subList(2, images.size());
    RestoreReport report = shop.restore(tooFew, dir.resolve("too-few"));
    assertThat(report.lost()).isPositive();
    assertThat(report.missingDiscs()).hasSize(2);
  }

  @Test
  void twoDiscsOfASetComeBackByTwoParityDiscs() throws IOException {
    List<Path> images = written(2, 0.05);
    List<Path> left = new ArrayList<>(images);
    left.remove(3);
    left.remove(1);
    assertComesBack(left, "without-two");
    List<Path> mixed = new ArrayList<>(images);
    mixed.remove(images.size() - 1);
    mixed.remove(0);
    assertComesBack(mixed, "without-one-and-a-parity-disc");
  }

  @Test
  void aDamagedDiscComesBackFromTheOthers() throws IOException {
    List<Path> images = written(1, 0);
    byte[] bytes = Files.readAllBytes(images.get(1));
    Arrays.fill(bytes, bytes.length / 3, bytes.length, (byte) 0);
    Files.write(images.get(1), bytes);
    assertComesBack(images, "damaged", 3); // as lines of it are damaged
  }

  @Test
  void whatIsNewGetsParityDiscsOfItsOwn() throws IOException {
    List<Path> images = written(1, 0);
    int before = images.size();
    assertThat(segment(1, 0).discs()).as("nothing is new").hasSize(before);
    FileTrees.script(shop.tree, "head -c 900000 /dev/urandom > new; sleep 0.1");
    shop.scan(shop.tree);
    DiscSet more = segment(1, 0);
    assertThat(more.discs()).hasSize(before + 2);
    assertThat(segment(0, 0).discs()).as("planned anew without").hasSize(before + 1);
    images.addAll(shop.writeAll(segment(1, 0)));
    images.remove(before);
    images.remove(0);
    assertComesBack(images, "of-two-groups");
  }

  @Test
  void aParityDiscThatIsDamagedIsPlannedAnewOnce() throws IOException {
    List<Path> images = written(1, 0);
    int discs = images.size();
    Path image = images.remove(discs - 1);
    byte[] bytes = Files.readAllBytes(image);
    bytes[bytes.length / 2] ^= 1;
    Files.write(image, bytes);
    Disc parity = shop.catalogue.discSet().discs().get(discs - 1);
    assertThat(shop.catalogue.verify(parity, image, Task.unwatched()).faults()).isNotEmpty();
    assertThat(segment(1, 0).discs()).hasSize(discs + 1);
    assertThat(segment(1, 0).discs()).hasSize(discs + 1);
    images.addAll(shop.writeAll(segment(2, 0)));
    assertThat(images).hasSize(discs + 1);
    images.remove(0);
    assertComesBack(images, "by-new-parity");
  }

  @Test
  void whatIsBehindAnImageIsNotInTheParity() throws IOException {
    files();
    DiscSet set = segment(1, 0);
    Disc parity = set.discs().get(set.discs().size() - 1);
    List<Path> images = new ArrayList<>();
    for (Disc each : set.discs().subList(0, set.discs().size() - 1)) {
      shop.write(each);
      Path image = shop.image(each);
      byte[] bytes = Files.readAllBytes(image);
      byte[] longer = Arrays.copyOf(bytes, bytes.length + 70 * 2048);
      Arrays.fill(longer, bytes.length, longer.length, (byte) 0x55);
      images.add(Files.write(image, longer));
    }
    assertThat(shop.write(parity).faults()).isEmpty();
    images.add(shop.image(parity));
    images.remove(0);
    assertComesBack(images, "behind");
  }

  @Test
  void aParityDiscWaitsForTheDiscsItIsOf() throws IOException {
    files();
    DiscSet set = segment(1, 0);
    Disc parity = set.discs().get(set.discs().size() - 1);
    assertThatThrownBy(() -> shop.write(parity)).hasMessageContaining("not written yet");
    for (Disc each : set.discs().subList(0, set.discs().size() - 1)) {
      shop.write(each);
    }
    Path first = shop.image(set.discs().get(0));
    byte[] whole = Files.readAllBytes(first);
    byte[] damaged = whole.clone();
    damaged[damaged.length / 2] ^= 1;
    Files.write(first, damaged);
    assertThatThrownBy(() -> shop.write(parity)).hasMessageContaining("not as it was written");
    Files.delete(first);
    assertThatThrownBy(() -> shop.write(parity)).hasMessageContaining("put a copy of it there");
    Files.write(first, whole);
    shop.write(parity);
    Path again = dir.resolve("again.iso");
    shop.catalogue.write(
        shop.catalogue.discSet().discs().get(set.discs().size() - 1),
        again,
        false,
        false,
        Task.unwatched());
    assertThat(Files.mismatch(again, shop.image(parity))).isEqualTo(-1);
  }
}
