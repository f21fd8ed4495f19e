package blksh.store;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * When a pack was written and read; each null when it is not known, or never was.
 *
 * @param entered when this generation of it became known
 * @param checked when it was last read whole, whatever was found
 * @param verified when it was last read whole and found sound, if nothing was found since
 */
record PackDates(Instant entered, Instant checked, Instant verified) {

  static final PackDates NONE = new PackDates(null, null, null);

  /** How far a clock may be ahead of that of whoever looks. */
  private static final Duration AHEAD = Duration.ofDays(1);

  /**
   * As they are in a row.
   *
   * @throws java.time.format.DateTimeParseException when one is none
   */
  static PackDates parse(String entered, String checked, String verified) {
    return new PackDates(instant(entered), instant(checked), instant(verified));
  }

  private static Instant instant(String text) {
    return text == null ? null : Instant.parse(text);
  }

  /** Puts them into a row, from one place on. */
  void put(PreparedStatement insert, int at) throws SQLException {
    insert.setString(at, Objects.toString(entered, null));
    insert.setString(at + 1, Objects.toString(checked, null));
    insert.setString(at + 2, Objects.toString(verified, null));
  }

  /**
   * The latest of them: since then nobody has looked. The beginning of time when that is not known,
   * or a clock was wrong and it is yet to come, as it would never be its turn else.
   */
  Instant lastSeen(Instant now) {
    Instant latest = now.plus(AHEAD);
    return Stream.of(entered, checked, verified)
        .filter(each -> each != null && !each.isAfter(latest))
        .max(Instant::compareTo)
        .orElse(Instant.EPOCH);
  }
}
