package blksh.shell.view;

import blksh.dsl.Percent;
import blksh.dsl.Size;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Single values in the words of a person: sizes in binary units, times to the minute. */
public final class Words {

  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  private static final DateTimeFormatter MINUTE = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm");

  private Words() {}

  /** Bytes in the largest binary unit that leaves at least 1: {@code "1.5 GiB"}. */
  public static String size(long bytes) {
    if (bytes < 0) {
      return "-" + size(-Math.max(bytes, -Long.MAX_VALUE));
    }
    int unit = 0;
    double value = bytes;
    while (value >= 1023.95 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    if (unit == 0) {
      return bytes + " B";
    }
    String figures = String.format(Locale.ROOT, value >= 99.95 ? "%.0f" : "%.1f", value);
    return figures.replaceFirst("\\.0$", "") + " " + UNITS[unit];
  }

  /**
   * A length of time to two or three figures: {@code "840 ms"}, {@code "2.4 s"}, {@code "1 h 5
   * min"}.
   */
  public static String duration(Duration time) {
    long millis = time.toMillis();
    if (millis < 1000) {
      return millis + " ms";
    }
    if (millis < 60_000) {
      return String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
    }
    long seconds = time.toSeconds();
    if (seconds < 3600) {
      return seconds / 60 + " min " + seconds % 60 + " s";
    }
    if (seconds < 86_400) {
      return seconds / 3600 + " h " + seconds % 3600 / 60 + " min";
    }
    return seconds / 86_400 + " d " + seconds % 86_400 / 3600 + " h";
  }

  /** A moment in local time, to the minute. */
  public static String moment(Instant instant) {
    return MINUTE.format(instant.atZone(ZoneId.systemDefault()));
  }

  /** Any value in one line. */
  public static String of(Object value) {
    if (value == null) {
      return "-";
    }
    if (value instanceof Size size) {
      return size(size.getBytes());
    }
    if (value instanceof Duration time) {
      return duration(time);
    }
    if (value instanceof Instant instant) {
      return moment(instant);
    }
    if (value instanceof Boolean yes) {
      return yes ? "yes" : "no";
    }
    if (value instanceof Enum<?> constant) {
      return constant.name().toLowerCase(Locale.ROOT);
    }
    if (value instanceof Double || value instanceof Float) {
      String text = String.format(Locale.ROOT, "%.3f", ((Number) value).doubleValue());
      return text.contains(".") ? text.replaceFirst("\\.?0+$", "") : text;
    }
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream()
          .map(entry -> of(entry.getKey()) + "=" + of(entry.getValue()))
          .collect(Collectors.joining(", "));
    }
    if (value instanceof Collection<?> items) {
      return items.stream().map(Words::of).collect(Collectors.joining(", "));
    }
    return value.toString();
  }

  /** Whether a value is a quantity, which aligns to the right. */
  static boolean quantity(Object value) {
    return value instanceof Number
        || value instanceof Size
        || value instanceof Percent
        || value instanceof Duration;
  }
}
