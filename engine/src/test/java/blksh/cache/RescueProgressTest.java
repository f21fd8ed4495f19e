package blksh.cache;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Await;
import blksh.task.Task;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RescueProgressTest {

  private final Task task = new Task("rescue", "disc");

  @Test
  void whatIsReadIsCountedOnce() {
    RescueProgress progress = new RescueProgress(Duration.ZERO, task);
    progress.note(1000, 1512);
    progress.note(2000, 2000);
    assertThat(task.done()).isEqualTo(512);
    progress.end(700); // others have read some of it
    assertThat(task.done()).isEqualTo(700);
  }

  @Test
  void itNeverGivesUpWithoutATimeout() throws Exception {
    RescueProgress progress = new RescueProgress(Duration.ZERO, task);
    Await.pause(5);
    progress.note(0, 0);
    assertThat(progress.isTimedOut()).isFalse();
  }

  @Test
  void itGivesUpWhenNothingWasReadForSoLong() throws Exception {
    RescueProgress progress = new RescueProgress(Duration.ofMillis(5), task);
    Await.pause(10);
    progress.note(0, 512);
    assertThat(progress.isTimedOut()).isFalse();
    Await.pause(10);
    progress.note(512, 512);
    assertThat(progress.isTimedOut()).isTrue();
    progress.note(512, 1024);
    assertThat(progress.isTimedOut()).isTrue();
  }
}
