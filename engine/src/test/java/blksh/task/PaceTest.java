package blksh.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTest {

  private static Pace pace(long done, long total, long resumed, long millis) {
    return new Pace("", done, total, resumed, Duration.ofMillis(millis));
  }

  @Test
  void whatWasThereBeforeMakesItNoFaster() {
    assertThat(pace(300, 500, 200, 2000).rate()).hasValue(50);
    assertThat(pace(300, 500, 200, 2000).left()).contains(Duration.ofSeconds(4));
    assertThat(pace(200, 500, 200, 2000).rate()).isEmpty();
  }

  @Test
  void noEndIsKnownWithoutATotalOrARate() {
    assertThat(pace(300, -1, 0, 2000).left()).isEmpty();
    assertThat(pace(300, 300, 0, 2000).left()).isEmpty();
    assertThat(pace(0, 300, 0, 2000).left()).isEmpty();
    assertThat(pace(300, 500, 0, 0).left()).isEmpty();
  }

  @Test
  void aTaskHasOne() {
    Task task = new Task("capture", "disk");
    task.expect(10);
    task.resume(3);
    task.advance(4);
    task.phase("sealing");
    Pace pace = Pace.of(task);
    assertThat(pace).isEqualTo(new Pace("sealing", 7, 10, 3, pace.elapsed()));
  }
}
