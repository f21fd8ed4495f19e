package blksh.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.FaultySource;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import blksh.kit.FileTrees;
import blksh.task.Task;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is remembered of discs, and what that says of them. */
class DiscHealthTest {

  private static final int SECTOR = 2048;

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

  private Disc disc(int number) {
    return shop.catalogue.discSet().discs().get(number - 1);
  }

  /** Three discs, of 600,000 bytes of contents each. */
  private void threeDiscs() throws IOException {
    shop.changed("for i in 1 2 3; do mkdir d$i; head -c 600000 /dev/urandom > d$i/f$i; done");
    DiscSet set = shop.segment(1_500_000);
    assertThat(set.discs()).hasSize(3);
    shop.writeAll(set);
  }

  private WrittenDisc verify(Disc disc) {
    return shop.catalogue.verify(disc, shop.image(disc), Task.unwatched());
  }

  /** Reads it in a drive that fails, {@code times} a sector. */
  private WrittenDisc verify(Disc disc, int times, long... sectors) {
    try (FaultySource faulty = new FaultySource(BlockSources.open(shop.image(disc)))) {
      for (long each : sectors) {
        faulty.unreadable(each * SECTOR, SECTOR, times);
      }
      Path drive = Path.of("/dev/sr7");
      return DiscVerification.verify(
          shop.catalogue, disc, faulty, drive, "HL-DT-ST K9OF", () -> true, Task.unwatched());
    }
  }

  /** Where the contents of a disc begin. */
  private long contents(Disc disc) {
    return shop.number("SELECT max(sector) FROM part WHERE disc = ?", disc.id());
  }

  @Test
  void aVerifyIsRememberedWithWhatCouldNotBeRead() throws IOException {
    threeDiscs();
    Disc first = disc(1);
    assertThat(verify(first).faults()).isEmpty();
    long at = contents(first);

    WrittenDisc hurt = verify(first, Integer.MAX_VALUE, 20, at + 3, at + 4, at + 90);

    assertThat(hurt.faults()).hasSize(2);
    List<PastVerify> all = shop.catalogue.verifies(first);
    assertThat(all).hasSize(2);
    PastVerify good = all.get(0);
    assertThat(good.isClean()).isTrue();
    assertThat(good.drive()).isNull();
    assertThat(good.place()).isEqualTo(shop.image(first).toString());
    assertThat(good.sectors()).isEqualTo(first.size() / SECTOR);
    PastVerify bad = all.get(1);
    assertThat(bad.drive()).isEqualTo("HL-DT-ST K9OF");
    assertThat(bad.place()).isEqualTo("/dev/sr7");
    assertThat(bad.unreadable()).isEqualTo(4);
    assertThat(bad.corrected()).isZero();
    assertThat(bad.faults()).isEqualTo(hurt.faultCount()).isEqualTo(2);
    assertThat(bad.began()).isAfterOrEqualTo(good.began());
  }

  @Test
  void aSectorThatIsReadAtTheSecondTryIsCorrectedAndNoFault() throws IOException {
    threeDiscs();
    Disc first = disc(1);
    long at = contents(first);
    // The first failure is that of a long read, the second that of the sector alone.
    WrittenDisc worn = verify(first, 3, at + 3, at + 4, at + 200);

    assertThat(worn.faults()).isEmpty();
    PastVerify seen = shop.catalogue.verifies(first).get(0);
    assertThat(seen.unreadable()).isZero();
    assertThat(seen.corrected()).isEqualTo(3);
    assertThat(shop.catalogue.health().get(0).state()).isEqualTo(DiscHealth.State.WEARING);
    assertThat(shop.number("SELECT count(*) FROM lost")).isZero();
  }

  /** Names more than failed, as the system does: all from the first byte that it could not read. */
  private record Vague(BlockSource source) implements BlockSource {

    @Override
    public long size() {
      return source.size();
    }

    @Override
    public int read(long position, ByteBuffer target) {
      long end = Math.min(source.size(), position + target.remaining());
      try {
        return source.read(position, target);
      } catch (UnreadableException e) {
        throw new UnreadableException("drive", e.start(), end - e.start(), e.problem(), e);
      }
    }

    @Override
    public SourceInfo describe() {
      return source.describe();
    }

    @Override
    public void close() {
      source.close();
    }
  }

  @Test
  void aDriveThatNamesNoExactRangeLosesNothing() throws IOException {
    threeDiscs();
    Disc first = disc(1);
    long at = contents(first);
    FaultySource faulty = new FaultySource(BlockSources.open(shop.image(first)));
    for (long each : new long[] {20, at + 3, at + 4, at + 200, first.size() / SECTOR - 1}) {
      faulty.unreadable(each * SECTOR, SECTOR, 1);
    }
    try (Vague drive = new Vague(faulty)) {
      Path place = Path.of("/dev/sr7");
      WrittenDisc read =
          DiscVerification.verify(
              shop.catalogue, first, drive, place, "X", () -> true, Task.unwatched());
      assertThat(read.faults()).isEmpty();
    }
    PastVerify seen = shop.catalogue.verifies(first).get(0);
    assertThat(seen.unreadable()).isZero();
    assertThat(seen.corrected())
        .isBetween(4L, 5L); // the second of two neighbours may be well by then
    assertThat(shop.number("SELECT count(*) FROM lost")).isZero();
  }

  @Test
  void aDiscThatWasTakenOutIsNotADamagedOne() throws IOException {
    threeDiscs();
    Disc first = disc(1);
    try (FaultySource faulty = new FaultySource(BlockSources.open(shop.image(first)))) {
      faulty.unreadable(contents(first) * SECTOR, first.size());
      Path place = Path.of("/dev/sr7");
      assertThatThrownBy(
              () ->
                  DiscVerification.verify(
                      shop.catalogue, first, faulty, place, "X", () -> false, Task.unwatched()))
          .hasMessageContaining("nothing is noted");
    }
    assertThat(shop.catalogue.verifies(first)).isEmpty();
    assertThat(shop.number("SELECT count(*) FROM lost")).isZero();
  }

  @Test
  void whatIsBehindASectorThatCannotBeReadIsComparedAllTheSame() throws IOException {
    threeDiscs();
    Disc first = disc(1);
    byte[] bytes = Files.readAllBytes(shop.image(first));
    bytes[22 * SECTOR + 5] ^= 1; // behind sector 20, in the same read
    Files.write(shop.image(first), bytes);

    assertThat(verify(first, Integer.MAX_VALUE, 20).faults())
        .singleElement()
        .asString()
        .doesNotStartWith(SECTOR + " bytes")
        .contains("the first at byte " + 20 * SECTOR);
    assertThat(shop.catalogue.verifies(first).get(0).unreadable()).isEqualTo(1);
  }

  @Test
  void whatToCopyFirstIsFirst() throws IOException {
    threeDiscs();
    assertThat(shop.catalogue.health())
        .extracting(DiscHealth::state)
        .containsOnly(DiscHealth.State.UNVERIFIED);
    verify(disc(1));
    verify(disc(2), 3, contents(disc(2)) + 1);
    verify(disc(2), 3, contents(disc(2)) + 1, contents(disc(2)) + 2, contents(disc(2)) + 9);

    List<DiscHealth> health = shop.catalogue.health();

    assertThat(health)
        .extracting(DiscHealth::state)
        .containsExactly(
            DiscHealth.State.WEARING, DiscHealth.State.UNVERIFIED, DiscHealth.State.GOOD);
    assertThat(health).extracting(each -> each.disc().number()).containsExactly(2, 3, 1);
    assertThat(health.get(0).growth()).isEqualTo(2);
    assertThat(health.get(0).onlyHere()).isEqualTo(600_000);
    assertThat(health.get(1).seen()).isEqualTo(disc(3).written());

    shop.damage(shop.image(disc(3)), "d3/f3");
    assertThat(verify(disc(3)).faults()).hasSize(1);
    DiscHealth worst = shop.catalogue.health().get(0);
    assertThat(worst.disc().number()).isEqualTo(3);
    assertThat(worst.state()).isEqualTo(DiscHealth.State.DAMAGED);
    assertThat(worst.lost()).isEqualTo(1);
    assertThat(worst.lostAlone()).as("no other disc has it").isEqualTo(1);

    shop.writeAll(shop.segment(1_500_000));
    DiscHealth after =
        shop.catalogue.health().stream().filter(it -> it.disc().number() == 3).findFirst().get();
    assertThat(after.lostAlone()).as("the fourth disc has it").isZero();
    assertThat(after.onlyHere()).isZero();
  }

  @Test
  void aDiscThatWasMadeOnceMoreHasToBeVerifiedAnew() throws IOException {
    threeDiscs();
    Disc first = disc(1);
    verify(first, Integer.MAX_VALUE, contents(first) + 1);
    assertThat(shop.catalogue.health().get(0).state()).isEqualTo(DiscHealth.State.DAMAGED);

    Files.delete(shop.image(first));
    shop.catalogue.write(first, shop.image(first), false, false, Task.unwatched());

    assertThat(shop.catalogue.verifies(first)).hasSize(1);
    assertThat(shop.catalogue.health())
        .extracting(DiscHealth::state)
        .containsOnly(DiscHealth.State.UNVERIFIED);
    assertThat(shop.catalogue.health()).allMatch(each -> each.verifies().isEmpty());
  }

  @Test
  void whatWasSaidToBeLostIsDamaged() throws IOException {
    threeDiscs();
    for (int i = 1; i <= 3; i++) {
      verify(disc(i));
    }
    shop.catalogue.lost(disc(2), true);
    DiscHealth worst = shop.catalogue.health().get(0);
    assertThat(worst.disc().number()).isEqualTo(2);
    assertThat(worst.state()).isEqualTo(DiscHealth.State.DAMAGED);
    assertThat(worst.onlyHere()).isZero();

    shop.catalogue.lost(disc(2), false);
    assertThat(shop.catalogue.health())
        .extracting(DiscHealth::state)
        .containsOnly(DiscHealth.State.GOOD);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aCatalogueOfAnOlderVersionIsTakenUpAndItsDiscVerified(int version) throws IOException {
    Path old = unpacked("letters-" + version + ".catalogue");
    Path image = unpacked("letters-" + version + ".iso");
    try (Catalogue catalogue = Catalogue.open(old, "letters")) {
      Disc disc = catalogue.discs().get(0);
      assertThat(catalogue.health())
          .extracting(DiscHealth::state)
          .containsExactly(DiscHealth.State.UNVERIFIED);

      assertThat(catalogue.verify(disc, image, Task.unwatched()).faults()).isEmpty();
      assertThat(catalogue.health())
          .extracting(DiscHealth::state)
          .containsExactly(DiscHealth.State.GOOD);
      assertThat(catalogue.which("letter2.txt").get(0).discs()).containsExactly("LETTERS_0001");
      Path back = dir.resolve("back");
      RestoreReport report = catalogue.restore(List.of(image), List.of(), back, Task.unwatched());
      // They are root's, to whom only root can give them.
      assertThat(report.problems()).allMatch(each -> each.contains("Operation not permitted"));
      FileTrees.script(back, "grep -q 'letter 3 of ada' 2019/letter3.txt; test -L 2019/first");
    }
    try (Catalogue again = Catalogue.open(old, "letters")) {
      assertThat(again.health().get(0).verifies()).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void tablesThatAnOlderVersionHasNotGotAreMade(int version) throws IOException {
    threeDiscs();
    verify(disc(1));
    List<List<String>> later =
        List.of(
            List.of("lost"),
            List.of("verify"),
            List.of("assignment", "plan"),
            List.of("protection", "parity_disc", "covered", "plan_parity"),
            List.of("readable"));
    later
        .subList(version - 1, later.size())
        .forEach(all -> all.forEach(it -> shop.execute("DROP TABLE " + it)));
    shop.execute("PRAGMA user_version = " + version);
    shop.close();

    shop = new DiscWorkshop(dir);

    assertThat(shop.catalogue.verifies(disc(1))).hasSize(version > 2 ? 1 : 0);
    assertThat(verify(disc(2)).faults()).isEmpty();
    shop.catalogue.lost(disc(3), true);
    assertThat(shop.segment(1_500_000).discs()).hasSize(4);
    assertThat(shop.catalogue.plan().assignments()).isEmpty();
  }

  private Path unpacked(String name) throws IOException {
    Path to = dir.resolve(name);
    try (InputStream in = new GZIPInputStream(getClass().getResourceAsStream(name + ".gz"))) {
      Files.copy(in, to);
    }
    return to;
  }
}
