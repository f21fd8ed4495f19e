package blksh.dsl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.task.Pace;
import blksh.view.Json;
import blksh.view.Size;
import blksh.workspace.Outcome;
import blksh.workspace.Run;
import blksh.workspace.RunProgress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is told of earlier operations. */
class PastRunTest {

  private static final Instant NEW_YEAR = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir Path folder;

  private static PastRun run(long id, String verb, Map<String, Object> figures) {
    return new PastRun(
        new Run(
            id,
            verb,
            "disk",
            NEW_YEAR.plusSeconds(id),
            Duration.ofSeconds(2),
            Outcome.DONE,
            4096,
            figures,
            "",
            Optional.empty()));
  }

  /**
   * One of 4 KiB of which 1 KiB was there before and 2 KiB are done, two seconds after it began.
   */
  private static PastRun running(Instant told) {
    Pace pace = new Pace("reading", 2048, 4096, 1024, Duration.ofSeconds(2));
    return new PastRun(
        new Run(
            8,
            "restore",
            "disk",
            told.minusSeconds(2),
            Duration.ofSeconds(2),
            Outcome.RUNNING,
            2048,
            Map.of(),
            "",
            Optional.of(new RunProgress(pace, told))));
  }

  @Test
  void whatHappenedIsToldNewestFirst() {
    try (Sitting sitting = new Sitting(folder)) {
      assertThat(sitting.words.getRuns()).isEmpty();
      sitting.session.run("scan", "one", task -> 1);
      sitting.session.run(
          "scan",
          "two",
          task -> {
            task.finding("byte 7 is odd");
            return 2;
          });
      assertThatThrownBy(
              () ->
                  sitting.session.run(
                      "scan",
                      "three",
                      task -> {
                        throw new BlkshException("scan three", "it is gone");
                      }))
          .hasMessage("cannot scan three: it is gone");
      Runs runs = sitting.words.getRuns();
      assertThat(runs).extracting(PastRun::getSubject).containsExactly("three", "two", "one");
      assertThat(runs)
          .extracting(PastRun::getOutcome)
          .containsExactly(Outcome.FAILED, Outcome.FINDINGS, Outcome.DONE);
      assertThat(runs)
          .extracting(PastRun::getMessage)
          .containsExactly("cannot scan three: it is gone", "byte 7 is odd", "");
      assertThat(runs.get(0).getId()).isGreaterThan(runs.get(1).getId());
      assertThat(runs.get(2)).hasToString("scan one");
    }
  }

  @Test
  void whatIsNotThereIsLeftOut() {
    PastRun run = run(7, "verify", Map.of());
    assertThat(run.title()).isEqualTo("run 7");
    assertThat(Sitting.value(run, "message")).isNull();
    assertThat(Sitting.value(run, "figures")).isNull();
    assertThat(Sitting.value(run, "bytes")).isEqualTo(new Size(4096));
  }

  @Test
  void whatRunsInAnotherProcessIsToldWithItsRateAndItsEnd() {
    PastRun run = running(Instant.now());
    assertThat(run.getMessage()).isEqualTo("reading, 2 KiB of 4 KiB, 50 %, 512 B/s, 4.0 s left");
    assertThat(Json.object(run, List.of()))
        .contains("\"bytes\":2048,\"outcome\":\"running\"")
        .contains("\"phase\":\"reading\",\"total\":4096,\"ratePerSecond\":512,\"left\":4.0");
    assertThat(new Runs(List.of(run, run(7, "verify", Map.of()))).getRunning())
        .extracting(PastRun::getId)
        .containsExactly(8L);
  }

  @Test
  void noEndIsForetoldOfAProcessThatIsSilent() {
    PastRun run = running(Instant.now().minusSeconds(300));
    assertThat(run.getMessage()).matches("2 KiB done when it was last heard of, 5 min \\d s ago");
    assertThat(run.getLeft()).isNull();
    assertThat(run.getRate()).isNull();
    assertThat(run.getBytes()).isEqualTo(new Size(2048));
  }

  @Test
  void onlyCapturesThatStoredSomethingMakeAStoreGrow() {
    Runs runs =
        new Runs(
            List.of(
                run(5, "capture", Map.of("stored", 7L, "dryRun", false)),
                run(4, "capture", Map.of("stored", 100L, "dryRun", true)),
                run(3, "verify", Map.of("stored", 1000L)),
                run(2, "capture", Map.of()),
                run(1, "capture", Map.of("stored", 3L))));
    Growth growth = runs.getGrowth();
    assertThat(growth.getStored()).isEqualTo(new Size(10));
    assertThat(Sitting.value(growth, "captures")).isEqualTo(2);
    assertThat(Sitting.value(growth, "first")).isEqualTo(NEW_YEAR.plusSeconds(1));
    assertThat(new Runs(List.of()).getGrowth().getStored()).isEqualTo(new Size(0));
  }
}
