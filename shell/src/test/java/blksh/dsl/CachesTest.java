package blksh.dsl;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static blksh.kit.Reading.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.MediumGoneException;
import blksh.view.Size;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The caches used before, with their media and without. */
class CachesTest {

  private static final byte[] DISC = random(MIB, 1);
  private static final int HALF = MIB / 2;

  @TempDir Path folder;
  @AutoClose private Sitting sitting;
  private Path medium;

  @BeforeEach
  void open() throws IOException {
    sitting = new Sitting(folder);
    medium = sitting.file("medium", DISC);
  }

  /** Reads half of the medium in a sitting that ends, and begins another. */
  private void readHalf() {
    Cache cache =
        sitting.words.cache(
            sitting.words.drive(medium), folder.resolve("disc"), new Size(64 * KIB), false);
    try (BlockSource source = cache.open()) {
      for (int at = 0; at < HALF; at += 64 * KIB) {
        // from the end of the half, so that nothing is read ahead
        read(source, HALF - 64 * KIB - at, 1);
      }
    }
    assertThat(cache.getRead()).isEqualTo(new Size(HALF));
    sitting.close();
    sitting = new Sitting(folder);
  }

  private Cache known() {
    return sitting.words.getCaches().get("disc");
  }

  @Test
  void whatIsNotKnownIsRefusedWithWhatIs() {
    assertThat(sitting.words.getCaches()).isEmpty();
    Sitting.refused(
        () -> sitting.words.getCaches().get("disc"),
        "cannot find cache disc: no such cache is known; make one with cache(SOURCE)");
    readHalf();
    Sitting.refused(
        () -> sitting.words.getCaches().get("dis"),
        "cannot find cache dis: no such cache is known; did you mean disc? there are disc");
    assertThat(sitting.words.getCaches().member("dis")).isNull();
  }

  @Test
  void aKnownCacheIsToldOfWithoutItsMedium() throws IOException {
    readHalf();
    Files.delete(medium);
    Cache known = known();
    assertThat(known.getName()).isEqualTo("disc");
    assertThat(known.getSize()).isEqualTo(new Size(MIB));
    assertThat(known.getSource()).isEqualTo(medium.toString());
    assertThat(known.getLastUsed()).isNotNull();
    assertThat(known.getRead()).isEqualTo(new Size(HALF));
    assertThat(Sitting.cell(known, "read")).isEqualTo("50.0 %");
    assertThat(Sitting.value(known.getMap(), "non-tried")).isEqualTo(new Size(HALF));
  }

  @Test
  void whatWasReadIsThereWithoutTheMediumAndNothingElse() throws IOException {
    readHalf();
    Files.delete(medium);
    try (BlockSource source = known().open()) {
      assertThat(read(source, 0, HALF)).isEqualTo(Arrays.copyOf(DISC, HALF));
      assertThatThrownBy(() -> read(source, HALF, 1))
          .isInstanceOf(MediumGoneException.class)
          .hasMessageContaining("the medium is not there");
    }
  }

  @Test
  void theMediumIsReadOnWhenItIsThere() {
    readHalf();
    Rescued filled = known().fill();
    assertThat(filled.getMoved()).isEqualTo(new Size(HALF));
    assertThat(filled.getWhole()).isTrue();
  }

  @Test
  void anotherMediumInItsPlaceNeverMixesIn() throws IOException {
    readHalf();
    Files.write(medium, random(MIB, 2));
    try (BlockSource source = known().open()) {
      assertThat(read(source, 0, HALF)).isEqualTo(Arrays.copyOf(DISC, HALF));
      assertThatThrownBy(() -> read(source, HALF, 1)).isInstanceOf(MediumGoneException.class);
    }
  }

  @Test
  void aCacheWhoseFilesAreGoneSaysSo() throws IOException {
    readHalf();
    Files.delete(known().getFile());
    Files.delete(known().getMapFile());
    Files.delete(medium);
    Cache gone = known();
    assertThat(gone.getReachable()).isFalse();
    assertThat(Sitting.cell(gone, "read")).isEqualTo("its files are gone");
    assertThat(gone.getRead()).isEqualTo(new Size(0));
    Sitting.refused(
        gone::open,
        "cannot open cache "
            + gone.getFile()
            + ": there is no such cache any more; put the medium back and begin anew");
  }

  @Test
  void whatIsDroppedKeepsItsFiles() {
    readHalf();
    Caches caches = sitting.words.getCaches();
    Path file = known().getFile();
    caches.drop("disc");
    assertThat(sitting.words.getCaches()).isEmpty();
    assertThat(file).exists();
    assertThat(medium).exists();
    Sitting.refused(
        () -> sitting.words.getCaches().drop("disc"),
        "cannot find cache disc: no such cache is known; make one with cache(SOURCE)");
  }

  @Test
  void aSecondOfTheSameNameGetsANumber() throws IOException {
    readHalf();
    Drive other = sitting.words.drive(sitting.file("other", random(MIB, 3)));
    sitting.words.cache(other, folder.resolve("disc"), new Size(64 * KIB), false).fill();
    assertThat(sitting.words.getCaches().getKeys()).containsExactly("disc", "disc-2");
    assertThat(sitting.words.getCaches().get("disc-2").getRead()).isEqualTo(new Size(MIB));
  }
}
