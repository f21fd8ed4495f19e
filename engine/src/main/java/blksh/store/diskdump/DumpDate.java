package blksh.store.diskdump;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** Dates as diskdump writes them: ISO 8601 as Python gives it, in UTC, to the microsecond. */
final class DumpDate {

  private static final DateTimeFormatter WHOLE =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss'+00:00'");
  private static final DateTimeFormatter FINE =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'+00:00'");

  private DumpDate() {}

  /** What a date says; without an offset it is in UTC, without a time midnight. */
  static Optional<Instant> parse(String text) {
    String iso = text.strip().replace(' ', 'T');
    try {
      if (!iso.contains("T")) {
        return Optional.of(LocalDate.parse(iso).atStartOfDay().toInstant(ZoneOffset.UTC));
      }
      String time = iso.substring(iso.indexOf('T'));
      boolean offset = time.endsWith("Z") || time.contains("+") || time.contains("-");
      return Optional.of(
          offset
              ? OffsetDateTime.parse(iso).toInstant()
              : LocalDateTime.parse(iso).toInstant(ZoneOffset.UTC));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /** As Python writes it: without microseconds when there are none. */
  static String text(Instant date) {
    Instant micros = date.truncatedTo(ChronoUnit.MICROS);
    return micros.atOffset(ZoneOffset.UTC).format(micros.getNano() == 0 ? WHOLE : FINE);
  }
}
