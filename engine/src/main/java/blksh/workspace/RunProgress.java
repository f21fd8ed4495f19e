package blksh.workspace;

import blksh.task.Pace;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How far a run has come, as its process told.
 *
 * @param pace how far, and how fast
 * @param told when it was told, by the clock of the machine
 */
public record RunProgress(Pace pace, Instant told) {

  /** A process that is at work tells something every ten seconds. */
  private static final Duration SILENCE = Duration.ofSeconds(30);

  /**
   * For how long nothing was heard of a run whose process is there: that is stopped, cannot write
   * the home any more, or counts its processes apart and its end cannot be seen from here. Empty
   * when it was heard of lately.
   */
  public Optional<Duration> silent(Instant now) {
    Duration since = Duration.between(told, now);
    return since.compareTo(SILENCE) > 0 ? Optional.of(since) : Optional.empty();
  }
}
