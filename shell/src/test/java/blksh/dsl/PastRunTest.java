package blksh.dsl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.view.Size;
import blksh.workspace.Outcome;
import blksh.workspace.Run;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
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
            ""));
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
