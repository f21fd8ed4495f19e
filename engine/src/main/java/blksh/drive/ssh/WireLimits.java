package blksh.drive.ssh;

import blksh.BlkshException;
import java.time.Duration;
import java.util.Optional;

/**
 * What connections to other machines are held to.
 *
 * @param bandwidth what all connections that have the same one may move together; nothing for all
 *     they can
 * @param timeout how long to wait for a connection, for something to come over one, for another
 *     when one was cut, and for a drive that does not answer, before it is given up; nothing for
 *     the times that docs/remote.md has
 */
public record WireLimits(Optional<Bandwidth> bandwidth, Optional<Duration> timeout) {

  /** None. */
  public static final WireLimits NONE = new WireLimits(Optional.empty(), Optional.empty());

  /** An agent that has nothing else to say says that it lives each one and a half seconds. */
  private static final Duration SHORTEST = Duration.ofSeconds(5);

  private static final Duration LONGEST = Duration.ofDays(7);

  /**
   * @throws BlkshException when the time is not from 5 seconds to 7 days
   */
  public WireLimits {
    timeout.ifPresent(
        time -> {
          if (time.compareTo(SHORTEST) < 0 || time.compareTo(LONGEST) > 0) {
            throw new BlkshException(
                    "limit the time of a connection",
                    "a timeout of " + words(time) + " is not from 5 seconds to 7 days")
                .suggest("write 90s, 15m or 2h");
          }
        });
  }

  private static String words(Duration time) {
    return time.toString().substring(2).toLowerCase(java.util.Locale.ROOT);
  }

  /** Whether there are none. */
  public boolean isEmpty() {
    return bandwidth.isEmpty() && timeout.isEmpty();
  }
}
