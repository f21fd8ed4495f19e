package blksh.dsl;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.Extent;
import blksh.store.AffectedRange;
import blksh.store.Damage;
import blksh.view.Described;
import blksh.view.Size;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operations come to, for people and for the history. */
class ResultsTest {

  private static final int PAGE = 4 * KIB;

  @TempDir Path folder;
  @AutoClose private Sitting sitting;
  private Store store;

  @BeforeEach
  void open() {
    sitting = new Sitting(folder);
    store = sitting.words.store(folder.resolve("main"));
  }

  private static Collection<?> appendix(Described result) {
    return (Collection<?>) result.appendix();
  }

  /** The same bytes with one of every second page changed. */
  private static byte[] scattered(byte[] bytes) {
    byte[] changed = bytes.clone();
    for (int at = 0; at < bytes.length; at += 2 * PAGE) {
      changed[at] ^= 1;
    }
    return changed;
  }

  private Captured captured(Path file, boolean skipFree) {
    return store.capture(sitting.words.drive(file), "disk", skipFree, false);
  }

  @Test
  void aCaptureSaysHowMuchFreeSpaceItLeftOut() throws IOException {
    Captured result = captured(sitting.sample(1), true);
    Size free = (Size) Sitting.value(result, "free, left out");
    assertThat(free.getBytes())
        .isBetween((long) MIB, result.getUsedBlocks().getFree().getBytes())
        .isGreaterThanOrEqualTo(24L * MIB - result.getRead().getBytes());
    assertThat(Sitting.value(result, "captured whole")).isNull();
    assertThat(result.appendix()).isNull();
  }

  @Test
  void aCaptureSaysWhatItCapturedWholeAndWhy() throws IOException {
    Captured result = captured(sitting.image("disk-gpt.img"), true);
    assertThat(Sitting.value(result, "captured whole").toString())
        .isEqualTo(result.getUsedBlocks().getDoubts())
        .matches("p\\d: .+");
    assertThat(appendix(result)).hasSize(2);
  }

  @Test
  void aCaptureThatIsToLeaveNothingOutSaysNothingOfIt() throws IOException {
    Captured result = captured(sitting.sample(1), false);
    assertThat(Sitting.value(result, "free, left out")).isNull();
    assertThat(Sitting.value(result, "captured whole")).isNull();
  }

  private Difference compare(byte[] one, byte[] other) throws IOException {
    return sitting
        .words
        .drive(sitting.file("one", one))
        .compare(sitting.words.drive(sitting.file("other", other)));
  }

  @Test
  void theFiguresOfAResultGoIntoTheHistory() throws IOException {
    Captured captured = sitting.capture(store, random(2 * PAGE, 1));
    assertThat(captured).hasToString("captured disk@1");
    Map<String, Object> figures = captured.figures();
    assertThat(figures)
        .containsEntry("manifest", "disk@1")
        .containsEntry("size", (long) 2 * PAGE)
        .containsEntry("read", (long) 2 * PAGE)
        .containsEntry("new", (long) 2 * PAGE)
        .containsEntry("stored", captured.getStored().getBytes())
        .containsEntry("newPages", 2L)
        .containsEntry("dryRun", false)
        .doesNotContainKey("took");
    assertThat(sitting.words.getRuns().get(0).getFigures())
        .containsEntry("manifest", "disk@1")
        .containsEntry("dryRun", false);
    assertThat(captured.appendix()).isNull();
  }

  @Test
  void whatCouldNotBeReadIsToldWhenCapturedAndWhenRestored() {
    Medium medium = new Medium(sitting, random(16 * PAGE, 1)).unreadable(5 * PAGE, PAGE);
    Captured captured = store.capture(medium, "disc", false, false);
    assertThat(captured.getBad()).containsExactly(new Extent(5 * PAGE, PAGE, Extent.Kind.BAD));
    assertThat(captured.getManifest().getBad()).isEqualTo(new Size(PAGE));
    assertThat(Sitting.value((Described) appendix(captured).iterator().next(), "bytes"))
        .isEqualTo((long) PAGE);
    assertThat(sitting.session.findings()).hasSize(1);
    Path back = folder.resolve("back");
    Restored restored = captured.getManifest().restore(back.toString(), false, false);
    assertThat(Sitting.lines(restored.appendix())).hasSize(2).last().asString().contains("20480");
    assertThat(Sitting.value(captured.getManifest().getMap(), "unreadable"))
        .isEqualTo(new Size(PAGE));
  }

  @Test
  void aRestoreTellsWhatItWroteAndWhatItLeftAlone() throws IOException {
    byte[] bytes = random(4 * PAGE, 1);
    sitting.capture(store, bytes);
    Path back = folder.resolve("back");
    Restored first =
        store.restore(
            "disk@1",
            back.toString(),
            false,
            false,
            false,
            false,
            null,
            null,
            List.of(),
            false,
            false);
    assertThat(first).hasToString("restored disk@1");
    assertThat(Sitting.value(first, "left alone")).isEqualTo(new Size(0));
    Restored again =
        store.restore(
            "disk@1",
            back.toString(),
            false,
            true,
            false,
            false,
            null,
            null,
            List.of(),
            false,
            false);
    assertThat(again.getWritten()).isEqualTo(new Size(0));
    assertThat(Sitting.value(again, "left alone")).isEqualTo(new Size(4 * PAGE));
    assertThat(Sitting.value(again, "target")).isEqualTo(back.toString());
  }

  @Test
  void damageIsToldWithTheImagesItHits() throws IOException {
    sitting.capture(store, random(4 * PAGE, 1));
    sitting.close();
    Path pack;
    try (Stream<Path> files = Files.walk(folder.resolve("main"))) {
      pack = files.filter(file -> file.toString().endsWith(".pack")).findFirst().orElseThrow();
    }
    try (RandomAccessFile file = new RandomAccessFile(pack.toFile(), "rw")) {
      file.seek(5000);
      int old = file.read();
      file.seek(5000);
      file.write(old ^ 1);
    }
    sitting = new Sitting(folder);
    Verified verified = sitting.words.store(folder.resolve("main")).verify(null, null);
    assertThat(verified.getClean()).isFalse();
    assertThat(verified).hasToString("verified: damaged");
    assertThat(verified.getDamage())
        .anySatisfy(
            damage -> {
              assertThat(folder.resolve("main").resolve(damage.getFile())).isEqualTo(pack);
              assertThat(damage.getAffected()).isNotEmpty();
              assertThat(damage.getAffected().get(0)).startsWith("disk@1 bytes ");
            });
    assertThat(sitting.session.findings()).isNotEmpty();
  }

  @Test
  void damageThatHitsNothingSaysSo() {
    Damaged none = new Damaged(new Damage("pages.idx", 0, 10, "it is short", List.of()));
    assertThat(none.title()).isEqualTo("damage in pages.idx");
    assertThat(Sitting.value(none, "affected")).isEqualTo(List.of("nothing captured"));
    List<AffectedRange> ranges =
        List.of(new AffectedRange("a@1", 4096, 4096), new AffectedRange("b@2", 0, 0));
    assertThat(new Damaged(new Damage("x.pack", 0, 1, "bad", ranges)).getAffected())
        .containsExactly("a@1 bytes 4096-8191", "b@2");
  }

  @Test
  void twoVersionsDifferInRangesOfWhichTheFirstAreShown() throws IOException {
    byte[] bytes = random(60 * PAGE, 1);
    sitting.capture(store, bytes);
    sitting.capture(store, scattered(bytes));
    Compared compared = store.diff("disk@1", "disk@2");
    assertThat(compared).hasToString("disk@1 to disk@2");
    assertThat(compared.getChanged()).isEqualTo(new Size(30 * PAGE));
    assertThat(compared.getSame()).isEqualTo(new Size(30 * PAGE));
    assertThat(compared.getRanges()).hasSize(30);
    assertThat(appendix(compared)).hasSize(20);
    Compared same = store.diff("disk", "disk@2");
    assertThat(same.getChanged()).isEqualTo(new Size(0));
    assertThat(same.appendix()).isNull();
  }

  @Test
  void sourcesAreTheSameOrDifferInBlocks() throws IOException {
    byte[] bytes = random(4 * PAGE, 1);
    Difference same = compare(bytes, bytes);
    assertThat(same.getSame()).isTrue();
    assertThat(same.title()).endsWith("one and " + folder.resolve("other") + " are the same");
    assertThat(same.appendix()).isNull();
    assertThat(sitting.session.findings()).isEmpty();
    byte[] other = bytes.clone();
    other[PAGE + 5] ^= 1;
    Difference one = compare(bytes, other);
    assertThat(one.getSame()).isFalse();
    assertThat(one.getDiffering()).isEqualTo(new Size(PAGE));
    assertThat(one.getRanges()).containsExactly(new Extent(PAGE, PAGE, Extent.Kind.DATA));
    assertThat(one.title()).endsWith("differ in 4 KiB");
    assertThat(sitting.session.findings()).containsExactly(one.title());
  }

  @Test
  void whatOnlyOneSourceHasDiffers() throws IOException {
    byte[] bytes = random(PAGE, 1);
    Difference longer = compare(bytes, Arrays.copyOf(bytes, PAGE + 1));
    assertThat(longer.getSame()).isFalse();
    assertThat(longer.getDiffering()).isEqualTo(new Size(1));
    assertThat(Sitting.value(longer, "compared")).isEqualTo(new Size(PAGE));
    assertThat(compare(new byte[0], new byte[0]).getSame()).isTrue();
  }

  @Test
  void noMoreRangesAreToldThanAnybodyReads() throws IOException {
    byte[] bytes = random(9 * MIB, 1);
    Difference many = compare(bytes, scattered(bytes));
    assertThat(many.getDiffering()).isEqualTo(new Size(1152L * PAGE));
    assertThat(many.getRanges()).hasSize(1000);
    assertThat(Sitting.value(many, "ranges")).isEqualTo("more than 1000");
    assertThat(appendix(many)).hasSize(20);
  }

  @Test
  void deletionsAndReindexesTellWhatTheyDid() throws IOException {
    sitting.capture(store, random(PAGE, 1));
    sitting.capture(store, random(PAGE, 2));
    Deleted deleted = store.delete("disk@1");
    assertThat(deleted).hasToString("deleted");
    assertThat(deleted.getReferences()).containsExactly("disk@1");
    assertThat(deleted.figures()).containsEntry("deleted", 1).containsEntry("dryRun", false);
    Reindexed reindexed = store.reindex();
    assertThat(reindexed).hasToString("reindexed");
    assertThat(reindexed.getRepaired()).isEmpty();
    assertThat(reindexed.appendix()).isNull();
    assertThat(Sitting.value(reindexed, "manifests")).hasToString("1");
    assertThat(Sitting.value(reindexed, "pages")).hasToString("2");
  }
}
