package blksh.dsl;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.view.Described;
import blksh.view.Size;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a failing medium stands after it was filled, rescued and exported. */
class RescuedTest {

  private static final byte[] DISC = random(MIB, 1);
  private static final int BAD = 600 * KIB;

  @TempDir Path folder;
  @AutoClose private Sitting sitting;

  @BeforeEach
  void open() {
    sitting = new Sitting(folder);
  }

  private Cache cache(Medium medium) {
    return sitting.words.cache(medium, folder.resolve("kept"), new Size(64 * KIB), false);
  }

  private static Rescued rescue(Cache cache) {
    return cache.rescue(1, false, Duration.ZERO, new Size(0));
  }

  @Test
  void whatFailsWhenFilledWaitsForARescue() {
    Rescued filled = cache(new Medium(sitting, DISC).unreadable(BAD, 512)).fill();
    assertThat(filled.getWhole()).isFalse();
    assertThat(filled.getWaiting().getBytes()).isPositive();
    assertThat(filled.getBad()).isEqualTo(new Size(0));
    assertThat(filled.getRead().plus(filled.getWaiting())).isEqualTo(new Size(MIB));
    assertThat(filled.appendix()).isNull();
  }

  @Test
  void aRescueLeavesOnlyTheBadSectorAndNamesIt() {
    Rescued rescued = rescue(cache(new Medium(sitting, DISC).unreadable(BAD, 512)));
    assertThat(rescued.getWhole()).isFalse();
    assertThat(rescued.getBad()).isEqualTo(new Size(512));
    assertThat(rescued.getRead()).isEqualTo(new Size(MIB - 512));
    assertThat(rescued.getWaiting()).isEqualTo(new Size(0));
    assertThat(rescued.getUntried()).isEqualTo(new Size(0));
    assertThat(Sitting.value(rescued, "gave up")).isNull();
    Described sector = (Described) ((Collection<?>) rescued.appendix()).iterator().next();
    assertThat(Sitting.value(sector, "unreadable at byte")).isEqualTo((long) BAD);
    assertThat(Sitting.value(sector, "bytes")).isEqualTo(512L);
    assertThat(sitting.session.findings()).isNotEmpty();
    assertThat(rescued.figures())
        .containsEntry("bad", 512L)
        .containsEntry("whole", false)
        .containsEntry("thisTime", (long) MIB - 512)
        .doesNotContainKey("gaveUp");
  }

  @Test
  void noMoreBadSectorsAreNamedThanAnybodyReads() {
    Medium medium = new Medium(sitting, DISC);
    for (int i = 0; i < 25; i++) {
      medium.unreadable(i * 32L * KIB, 512);
    }
    Rescued rescued = rescue(cache(medium));
    assertThat(rescued.getBad()).isEqualTo(new Size(25 * 512));
    assertThat((Collection<?>) rescued.appendix()).hasSize(20);
  }

  @Test
  void whatWasNotReadIsZerosInAnExportAndAFinding() throws IOException {
    Cache cache = cache(new Medium(sitting, DISC).unreadable(BAD, 512));
    rescue(cache);
    int before = sitting.session.findings().size();
    Path image = folder.resolve("image");
    Rescued exported = cache.export(image, false);
    byte[] expected = DISC.clone();
    Arrays.fill(expected, BAD, BAD + 512, (byte) 0);
    assertThat(Files.readAllBytes(image)).isEqualTo(expected);
    assertThat(exported.getBad()).isEqualTo(new Size(512));
    assertThat(sitting.session.findings().size()).isGreaterThan(before);
  }

  @Test
  void whatCannotBeMeantIsRefused() {
    Cache cache = cache(new Medium(sitting, DISC));
    Sitting.refused(
        () -> cache.rescue(-1, false, Duration.ZERO, new Size(0)),
        "cannot rescue medium: retries -1");
    Sitting.refused(
        () -> cache.rescue(0, false, Duration.ofSeconds(-1), new Size(0)),
        "cannot rescue medium: timeout PT-1S");
  }
}
