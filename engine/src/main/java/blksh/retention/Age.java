package blksh.retention;

import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How old something may be, in the units of a calendar; each 0 or more.
 *
 * <p>As text it is restic's: {@code 2y5m7d3h}.
 */
public record Age(int years, int months, int days, int hours) {

  private static final Pattern TEXT =
      Pattern.compile("(?:(\\d{1,9})y)?(?:(\\d{1,9})m)?(?:(\\d{1,9})d)?(?:(\\d{1,9})h)?");

  public Age {
    if (years < 0 || months < 0 || days < 0 || hours < 0) {
      throw new IllegalArgumentException("an age of less than nothing");
    }
    if (years + (long) months + days + hours == 0) {
      throw new IllegalArgumentException("an age of nothing");
    }
  }

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException when it is none
   */
  public static Age parse(String text) {
    Matcher parts = TEXT.matcher(text);
    if (text.isEmpty() || !parts.matches()) {
      throw new IllegalArgumentException("\"%s\" is no age: write 7d, 12h or 1y6m".formatted(text));
    }
    return new Age(number(parts, 1), number(parts, 2), number(parts, 3), number(parts, 4));
  }

  private static int number(Matcher parts, int group) {
    return parts.group(group) == null ? 0 : Integer.parseInt(parts.group(group));
  }

  /**
   * The moment that lies so far before another, by the calendar of a zone. As restic has it: a
   * month before the 31st of March is the 31st of February, which is the 3rd of March.
   */
  public Instant before(Instant moment, ZoneId zone) {
    ZonedDateTime at = moment.atZone(zone);
    LocalDate day =
        YearMonth.from(at)
            .minusMonths(12L * years + months)
            .atDay(1)
            .plusDays(at.getDayOfMonth() - 1L - days);
    return ZonedDateTime.of(day, at.toLocalTime(), zone).minusHours(hours).toInstant();
  }

  @Override
  public String toString() {
    return part(years, "y") + part(months, "m") + part(days, "d") + part(hours, "h");
  }

  private static String part(int number, String unit) {
    return number == 0 ? "" : number + unit;
  }
}
