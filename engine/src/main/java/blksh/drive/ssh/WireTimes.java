package blksh.drive.ssh;

import java.time.Duration;
import java.util.Optional;

/**
 * How long is waited for another machine.
 *
 * @param connect for the network, by ssh
 * @param login until something answers in a login
 * @param busy while the server has no time for a first login
 * @param silence on a connection, until it counts as cut
 * @param persistence while connections are made again of which nothing comes
 * @param answer while it owes an answer
 */
record WireTimes(
    Duration connect,
    Duration login,
    Duration busy,
    Duration silence,
    Duration persistence,
    Duration answer) {

  private static final WireTimes USUAL =
      new WireTimes(
          Duration.ofSeconds(30),
          Duration.ofSeconds(60),
          Duration.ofSeconds(45),
          Duration.ofSeconds(30),
          Duration.ofMinutes(5),
          Duration.ofMinutes(15));

  /** Those that are asked for, or the usual ones. */
  static WireTimes of(Optional<Duration> timeout) {
    return timeout.map(WireTimes::all).orElse(USUAL);
  }

  /** A connection is made again sooner than all is given up, as that may help. */
  private static WireTimes all(Duration time) {
    Duration silence = time.compareTo(USUAL.silence) < 0 ? time : USUAL.silence;
    return new WireTimes(time, time, time, silence, time, time);
  }

  WireTimes withPersistence(Duration most) {
    return new WireTimes(connect, login, busy, silence, most, answer);
  }

  WireTimes withAnswer(Duration most) {
    return new WireTimes(connect, login, busy, silence, persistence, most);
  }

  /** A time for people: {@code 90 seconds}, {@code 15 minutes}. */
  static String words(Duration time) {
    long seconds = Math.max(1, time.toSeconds());
    return seconds < 120 ? seconds + " seconds" : seconds / 60 + " minutes";
  }
}
