package blksh.kit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Predicate;

/** Waits for what another thread or program does. Nothing else in the tests sleeps. */
public final class Await {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long LONGEST_PAUSE_MILLIS = 25;

  private Await() {}

  /** Something that comes true. */
  public interface Condition {
    boolean holds() throws Exception;
  }

  /** Waits until a condition holds; fails the test when it does not within a minute. */
  public static void await(Condition condition) throws Exception {
    assertThat(comes(PATIENCE, condition)).as("came within " + PATIENCE).isTrue();
  }

  /**
   * Looks at something until a condition holds for it; fails the test, showing what was seen last,
   * when it does not within a minute.
   *
   * @return what the condition held for
   */
  public static <T> T await(Callable<T> look, Predicate<? super T> condition) throws Exception {
    long began = System.nanoTime();
    while (true) {
      T seen = look.call();
      if (condition.test(seen)) {
        return seen;
      }
      Duration waited = Duration.ofNanos(System.nanoTime() - began);
      assertThat(waited).as("what is there:\n%s", seen).isLessThan(PATIENCE);
      pauseAfter(waited);
    }
  }

  /** Waits a while for a condition; whether it came to hold. */
  public static boolean comes(Duration patience, Condition condition) throws Exception {
    long began = System.nanoTime();
    while (!condition.holds()) {
      Duration waited = Duration.ofNanos(System.nanoTime() - began);
      if (waited.compareTo(patience) >= 0) {
        return false;
      }
      pauseAfter(waited);
    }
    return true;
  }

  /**
   * Lets time pass: up to an instant that is to be random, or while something is to happen that
   * shows nowhere, or nothing is.
   */
  public static void pause(long millis) throws InterruptedException {
    Thread.sleep(millis);
  }

  /** Looks often at first, so that what comes soon is seen soon. */
  private static void pauseAfter(Duration waited) throws InterruptedException {
    Thread.sleep(Math.min(1 + waited.toMillis() / 16, LONGEST_PAUSE_MILLIS));
  }
}
