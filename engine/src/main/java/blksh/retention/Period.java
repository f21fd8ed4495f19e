package blksh.retention;

import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.IsoFields;
import java.util.List;
import java.util.Locale;

/** A stretch of the calendar of which the last thing stays. Weeks are ISO 8601's. */
public enum Period {
  /** Each thing by itself. */
  LAST,
  /** An hour of the clock; that which comes twice in autumn is one. */
  HOURLY,
  DAILY,
  WEEKLY,
  MONTHLY,
  YEARLY;

  /** What two moments have in common when they are in the same stretch. */
  Object of(ZonedDateTime moment, int number) {
    return switch (this) {
      case LAST -> number;
      case HOURLY -> moment.toLocalDateTime().truncatedTo(ChronoUnit.HOURS);
      case DAILY -> moment.toLocalDate();
      case WEEKLY ->
          List.of(
              moment.get(IsoFields.WEEK_BASED_YEAR), moment.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
      case MONTHLY -> List.of(moment.getYear(), moment.getMonthValue());
      case YEARLY -> moment.getYear();
    };
  }

  /** For people, of one thing: {@code "daily"}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
