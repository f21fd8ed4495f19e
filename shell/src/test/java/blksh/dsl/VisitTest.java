package blksh.dsl;

import static blksh.kit.Await.await;
import static blksh.kit.Content.KIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.BlkshException;
import blksh.view.Size;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import kotlin.Unit;
import kotlin.jvm.functions.Function1;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Media that are waited for and cached one by one. */
class VisitTest {

  private static final byte[] DISC = random(256 * KIB, 1);

  @TempDir Path folder;
  @AutoClose private Sitting sitting;
  private Path drive;

  @BeforeEach
  void open() {
    sitting = new Sitting(folder);
    drive = folder.resolve("sr0");
  }

  private List<Visit> watch(Function1<Visit, Unit> with) {
    return sitting
        .words
        .getCaches()
        .watch(drive, folder.resolve("discs/disc"), new Size(64 * KIB), 1, true, with);
  }

  private static Unit fill(Visit visit) {
    visit.getCache().fill();
    return Unit.INSTANCE;
  }

  @Test
  void aMediumThatIsInIsReadAndRemembered() throws IOException {
    Files.write(drive, DISC);
    Visit visit = watch(VisitTest::fill).get(0);
    assertThat(visit.getMedium()).matches("[0-9a-f]{8}");
    assertThat(visit).hasToString("medium " + visit.getMedium());
    assertThat(visit.getFile())
        .isEqualTo(folder.resolve("discs/disc.cache." + visit.getMedium() + "~"));
    assertThat(visit.getRemoved()).isFalse();
    assertThat(Files.readAllBytes(visit.getFile())).isEqualTo(DISC);
    assertThat(Sitting.value(visit, "size")).isEqualTo(new Size(256 * KIB));
    assertThat(Sitting.value(visit, "read")).isEqualTo(new Size(256 * KIB));
    assertThat(Sitting.value(visit, "bad")).isEqualTo(new Size(0));
    assertThat(sitting.words.getCaches().getKeys()).containsExactly("disc");
  }

  @Test
  void theCacheOfAMediumIsDeletedWhenItIsNotToBeKept() throws IOException {
    Files.write(drive, DISC);
    Path file = folder.resolve("discs/disc");
    sitting.words.getCaches().watch(drive, file, new Size(64 * KIB), 1, false, VisitTest::fill);
    assertThat(folder.resolve("discs")).isEmptyDirectory();
    assertThat(sitting.words.getCaches()).isEmpty();
  }

  @Test
  void aMediumIsWaitedOutAndWhatWasDoneToItIsCutShort() throws IOException {
    Files.write(drive, DISC);
    List<Visit> visits =
        watch(
            visit -> {
              try {
                Files.delete(drive);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
              visit.awaitRemoval();
              assertThat(visit.getRemoved()).isTrue();
              return Unit.INSTANCE;
            });
    assertThat(visits).singleElement();
    assertThat(visits.get(0).getRemoved()).isTrue();
    assertThat(Sitting.value(visits.get(0), "taken out early")).isEqualTo(true);
    assertThat(Sitting.value(visits.get(0), "read")).isEqualTo(new Size(0));
    assertThat(sitting.session.findings()).isEmpty();
  }

  @Test
  void whatGoesWrongWithAMediumIsAFinding() throws IOException {
    Files.write(drive, DISC);
    List<Visit> visits =
        watch(
            visit -> {
              throw new BlkshException("copy it", "there is no room");
            });
    assertThat(visits).isEmpty();
    assertThat(sitting.session.findings()).containsExactly("cannot copy it: there is no room");
  }

  @Test
  void aWatchWaitsUntilItIsCancelled() throws Exception {
    CompletableFuture<List<Visit>> watch =
        CompletableFuture.supplyAsync(() -> watch(VisitTest::fill));
    await(
        () ->
            sitting.session.workspace().tasks().running().stream()
                .anyMatch(
                    task -> task.phase().equals("waiting for a medium, there is no such drive")));
    sitting.session.cancel();
    assertThat(watch.get(30, TimeUnit.SECONDS)).isEmpty();
    assertThat(sitting.words.getCaches()).isEmpty();
  }

  @Test
  void aMediumThatComesLaterIsFound() throws Exception {
    CompletableFuture<List<Visit>> watch =
        CompletableFuture.supplyAsync(() -> watch(VisitTest::fill));
    await(() -> !sitting.session.workspace().tasks().running().isEmpty());
    Files.move(sitting.file("fresh", DISC), drive);
    assertThat(watch.get(30, TimeUnit.SECONDS)).singleElement();
  }
}
