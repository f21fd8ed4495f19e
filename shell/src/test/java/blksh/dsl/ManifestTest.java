package blksh.dsl;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.random;
import static blksh.kit.Reading.read;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.view.Size;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Captured versions: one, those of a name, and all of a store. */
class ManifestTest {

  private static final int PAGE = 4 * KIB;

  @TempDir Path folder;
  @AutoClose private Sitting sitting;
  private Store store;

  @BeforeEach
  void open() {
    sitting = new Sitting(folder);
    store = sitting.words.store(folder.resolve("main"));
  }

  /** A version of 16 pages, and another in which the third is new. */
  private Versions two() throws IOException {
    byte[] bytes = random(16 * PAGE, 1);
    sitting.capture(store, bytes);
    System.arraycopy(random(PAGE, 2), 0, bytes, 2 * PAGE, PAGE);
    sitting.capture(store, bytes);
    return store.getManifests().get("disk");
  }

  @Test
  void aVersionTellsWhatItIsAndWhatItBrought() throws IOException {
    Versions versions = two();
    Manifest first = versions.get(0);
    assertThat(first.getName()).isEqualTo("disk");
    assertThat(first.getVersion()).isEqualTo(1);
    assertThat(first).hasToString("disk@1");
    assertThat(first.getSize()).isEqualTo(new Size(16 * PAGE));
    assertThat(first.getData()).isEqualTo(first.getSize());
    assertThat(first.getNew()).isEqualTo(first.getSize());
    assertThat(first.getStoredSize().getBytes()).isPositive();
    assertThat(first.getBad()).isEqualTo(new Size(0));
    assertThat(first.getTook()).isGreaterThanOrEqualTo(Duration.ZERO);
    assertThat(first.getSource()).isEqualTo("file " + folder.resolve("disk.img"));
    Manifest second = versions.getLast();
    assertThat(second.getReference()).isEqualTo("disk@2");
    assertThat(second.getData()).isEqualTo(second.getSize());
    assertThat(second.getNew()).isEqualTo(new Size(PAGE));
    assertThat(second.getStarted()).isAfterOrEqualTo(first.getStarted());
  }

  @Test
  void aVersionReadsAsWhatWasCaptured() throws IOException {
    Manifest first = two().get(0);
    try (BlockSource source = first.open()) {
      assertThat(source.size()).isEqualTo(16 * PAGE);
      assertThat(read(source, 0, 16 * PAGE)).isEqualTo(random(16 * PAGE, 1));
    }
  }

  @Test
  void itsMapShowsWhatChangedSinceTheVersionBefore() throws IOException {
    Versions versions = two();
    assertThat(Sitting.value(versions.get(0).getMap(), "changed")).isEqualTo(new Size(0));
    BlockMap map = versions.getLast().getMap();
    assertThat(Sitting.value(map, "changed")).isEqualTo(new Size(PAGE));
    assertThat(Sitting.value(map, "data")).isEqualTo(new Size(15 * PAGE));
    assertThat(map.title()).isEqualTo("map of disk@2, 64 KiB");
  }

  @Test
  void aVersionIsRestoredOverAnotherWhereItDiffers() throws IOException {
    Versions versions = two();
    Path back = folder.resolve("back");
    versions.getLast().restore(back.toString(), false);
    Restored changed = versions.get(0).restore(back.toString(), false, true);
    assertThat(changed.getWritten()).isEqualTo(new Size(PAGE));
    assertThat(Files.readAllBytes(back)).isEqualTo(random(16 * PAGE, 1));
    assertThat(versions.get(0).diff(versions.getLast()).getChanged()).isEqualTo(new Size(PAGE));
  }

  @Test
  void versionsOfANameAreOldestFirstAndByNumber() throws IOException {
    Versions versions = two();
    assertThat(versions).extracting(Manifest::getVersion).containsExactly(1, 2);
    assertThat(versions.version(2)).hasToString("disk@2");
    assertThat(versions.version(0)).isNull();
    assertThat(versions.version(3)).isNull();
    versions.get(0).delete();
    assertThat(store.getManifests().get("disk"))
        .extracting(Manifest::getVersion)
        .containsExactly(2);
    assertThat(versions.getSpace().title()).isEqualTo("space of disk");
    assertThat(versions.getSpace().getShares())
        .extracting(Space.Share::getName)
        .containsExactly("disk@1", "disk@2");
  }

  @Test
  void aNameThatWasNeverCapturedHasNoVersions() throws IOException {
    two();
    Manifests manifests = store.getManifests();
    assertThat(manifests.getKeys()).containsExactly("disk");
    assertThat(manifests.member("disc")).isNull();
    Versions none = manifests.get("disc");
    assertThat(none).isEmpty();
    assertThat(none.version(1)).isNull();
    assertThat(Sitting.lines(none.getSpace())).containsExactly("space of disc: nothing is stored");
    Sitting.refused(
        none::getLast,
        "cannot find the last version of disc: there is none; did you mean disk? there are disk");
  }

  @Test
  void nothingIsCapturedAndReadBackToo() throws IOException {
    Manifest none = sitting.capture(store, new byte[0]).getManifest();
    assertThat(none.getReference()).isEqualTo("disk@1");
    assertThat(none.getSize()).isEqualTo(new Size(0));
    assertThat(none.getData()).isEqualTo(new Size(0));
    assertThat(Sitting.lines(none.getMap())).containsExactly("map of disk@1, 0 B: nothing to see");
    try (BlockSource source = none.open()) {
      assertThat(source.size()).isZero();
    }
    assertThat(none.sha256())
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }

  @Test
  void whatIsAllZerosTakesNoPages() throws IOException {
    Manifest zeros = sitting.capture(store, new byte[4 * PAGE + 1]).getManifest();
    assertThat(zeros.getData()).isEqualTo(new Size(0));
    assertThat(zeros.getNew()).isEqualTo(new Size(0));
    assertThat(Sitting.value(zeros, "zero")).isEqualTo(new Size(4 * PAGE + 1));
  }

  @Test
  void amongThoseOfAllStoresEachSaysWhereItIs() throws IOException {
    two();
    Store other = sitting.words.store(folder.resolve("other"));
    sitting.capture(other, random(PAGE, 3));
    Manifests all = sitting.words.getManifests();
    assertThat(all.getKeys()).containsExactly("disk");
    assertThat(all)
        .extracting(each -> Sitting.cell(each, "store"))
        .containsExactly("main", "main", "other");
    assertThat(all.get("disk").getLast().getStore()).hasToString(other.toString());
    List<String> own =
        store.getManifests().get(0).row().stream().map(field -> field.label()).toList();
    assertThat(own).contains("reference").doesNotContain("store");
  }
}
