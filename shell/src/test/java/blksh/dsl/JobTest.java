package blksh.dsl;

import static blksh.kit.Await.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.session.Background;
import blksh.task.CancelledException;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import kotlin.Unit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Work in the background, as scripts see it. */
class JobTest {

  @TempDir Path folder;
  @AutoClose private Sitting sitting;

  @BeforeEach
  void open() {
    sitting = new Sitting(folder);
  }

  private Job failing() {
    return sitting.words.bg(
        "",
        () -> {
          throw new BlkshException("read sda", "it is gone");
        });
  }

  /** A job that ends only when it is asked to. */
  private Job endless() {
    return sitting.words.bg(
        "",
        () ->
            sitting.session.run(
                "wait",
                "for ever",
                task -> {
                  while (true) {
                    task.checkCancelled();
                    LockSupport.parkNanos(1_000_000);
                  }
                }));
  }

  @Test
  void aJobComesToWhatItsBlockDoes() {
    Job job = sitting.words.bg("count", () -> 42);
    assertThat(job.await()).isEqualTo(42);
    assertThat(job.getState()).isEqualTo(Background.State.DONE);
    assertThat(job.getResult()).isEqualTo(42);
    assertThat(job.getName()).isEqualTo("count");
    assertThat(job).hasToString("job 1");
    assertThat(Sitting.value(job, "message")).isEqualTo("42");
    assertThat(job.getTook()).isPositive();
  }

  @Test
  void whatStandsForNothingIsNothing() {
    Job job = sitting.words.bg("", () -> Unit.INSTANCE);
    assertThat(job.await()).isNull();
    assertThat(job.getResult()).isNull();
    assertThat(job.getName()).isEqualTo("-");
    assertThat(Sitting.value(job, "message")).isNull();
  }

  @Test
  void aFailureIsThrownToWhoeverWaits() {
    Job job = failing();
    assertThatThrownBy(job::await)
        .isInstanceOf(BlkshException.class)
        .hasMessage("cannot read sda: it is gone");
    assertThat(job.getState()).isEqualTo(Background.State.FAILED);
    assertThat(job.getResult()).isNull();
    assertThat(Sitting.value(job, "message")).isEqualTo("cannot read sda: it is gone");
  }

  @Test
  void aJobIsNamedAfterWhatItDoesAndStopsWhenAsked() throws Exception {
    Job job = endless();
    await(() -> job.getName().equals("wait for ever"));
    assertThat(job.getState()).isEqualTo(Background.State.RUNNING);
    assertThat(job.getResult()).isNull();
    job.cancel();
    assertThatThrownBy(job::await).isInstanceOf(CancelledException.class);
    assertThat(job.getState()).isEqualTo(Background.State.CANCELLED);
    assertThat(Sitting.value(job, "message")).isEqualTo("cannot wait for ever: interrupted");
    job.cancel();
    assertThat(job.getState()).isEqualTo(Background.State.CANCELLED);
  }

  @Test
  void jobsAreFoundByTheirNumbers() {
    assertThat(sitting.words.getJobs()).isEmpty();
    sitting.words.bg("one", () -> 1);
    sitting.words.bg("two", () -> 2);
    Jobs jobs = sitting.words.getJobs();
    assertThat(jobs.getKeys()).containsExactly("1", "2");
    assertThat(jobs.get("2").getName()).isEqualTo("two");
    assertThat(jobs.member("3")).isNull();
    assertThat(jobs.member("01")).isNull();
    Sitting.refused(() -> jobs.get("3"), "cannot find job 3: there is none");
  }

  @Test
  void allAreWaitedForHoweverTheyEnd() throws Exception {
    failing();
    Job slow = endless();
    Job last = sitting.words.bg("last", () -> 3);
    Jobs jobs = sitting.words.getJobs();
    await(() -> slow.getName().equals("wait for ever"));
    jobs.cancel();
    jobs.await();
    assertThat(slow.getState()).isEqualTo(Background.State.CANCELLED);
    assertThat(last.getState()).isNotEqualTo(Background.State.RUNNING);
  }
}
