package blksh.task;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How far an operation has come by some moment, and how fast.
 *
 * @param phase the part of the work that runs, in a word or two; empty when it has none
 * @param done bytes done
 * @param total bytes expected in all, or -1 when not known
 * @param resumed bytes of those done that an earlier attempt did
 * @param elapsed how long it has taken for that
 */
public record Pace(String phase, long done, long total, long resumed, Duration elapsed) {

  private static final double MILLIS = 1000;

  /** That of a task as it is now. */
  public static Pace of(Task task) {
    return new Pace(task.phase(), task.done(), task.total(), task.resumed(), task.elapsed());
  }

  /** Bytes a second, over all the time it has taken; empty before there was any progress. */
  public OptionalLong rate() {
    double rate = bytesPerSecond();
    return rate > 0 ? OptionalLong.of((long) rate) : OptionalLong.empty();
  }

  /** How long it will take to the end at that rate; empty when the rate or the end is unknown. */
  public Optional<Duration> left() {
    double rate = bytesPerSecond();
    return rate > 0 && total > done
        ? Optional.of(Duration.ofSeconds(Math.round((total - done) / rate)))
        : Optional.empty();
  }

  private double bytesPerSecond() {
    long fresh = done - resumed;
    double seconds = elapsed.toMillis() / MILLIS;
    return fresh > 0 && seconds > 0 ? fresh / seconds : 0;
  }
}
