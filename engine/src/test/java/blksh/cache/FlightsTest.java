package blksh.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.task.CancelledException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FlightsTest {

  private final Flights flights = new Flights();

  @Test
  void aRangeCoversItsBytesUntilItEnds() {
    synchronized (flights) {
      flights.begin(100, 200);
      assertThat(flights.any()).isTrue();
      assertThat(flights.covers(99)).isFalse();
      assertThat(flights.covers(100)).isTrue();
      assertThat(flights.covers(199)).isTrue();
      assertThat(flights.covers(200)).isFalse();
      flights.end(100);
      assertThat(flights.any()).isFalse();
      assertThat(flights.covers(100)).isFalse();
    }
  }

  @Test
  void whatIsFreeLiesBetweenThem() {
    synchronized (flights) {
      flights.begin(100, 200);
      flights.begin(300, 400);
      assertThat(flights.freeFrom(250)).isEqualTo(200);
      assertThat(flights.freeTo(250)).isEqualTo(300);
      assertThat(flights.freeFrom(50)).isZero();
      assertThat(flights.freeTo(500)).isEqualTo(Long.MAX_VALUE);
      assertThat(flights.overlaps(200, 300)).isFalse();
      assertThat(flights.overlaps(199, 300)).isTrue();
      assertThat(flights.overlaps(200, 301)).isTrue();
      assertThat(flights.overlaps(0, 1000)).isTrue();
    }
  }

  @Test
  void backgroundWorkStaysAwayWhileReadersWaitAndAMomentLonger() throws Exception {
    synchronized (flights) {
      assertThat(flights.millisToLull()).isZero();
      flights.begin(0, 10);
      assertThat(flights.millisToLull()).isZero();
      flights.beginMiss(10, 20);
      assertThat(flights.millisToLull()).isPositive();
      flights.endMiss(10);
      while (flights.millisToLull() > 0) {
        flights.await(flights.millisToLull(), "wait");
      }
      assertThat(flights.covers(10)).isFalse();
    }
  }

  @Test
  void whoeverWaitsIsWokenByAnEndAndCancelledByAnInterrupt() {
    synchronized (flights) {
      flights.begin(0, 10);
      Thread other =
          new Thread(
              () -> {
                synchronized (flights) {
                  flights.end(0);
                }
              });
      other.start();
      while (flights.any()) {
        flights.await(0, "wait");
      }
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> flights.await(0, "wait")).isInstanceOf(CancelledException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
