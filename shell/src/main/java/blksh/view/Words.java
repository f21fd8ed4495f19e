package blksh.view;

import java.lang.reflect.Array;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.BaseStream;
import java.util.stream.Collectors;
import kotlin.Function;
import kotlin.ranges.CharProgression;
import kotlin.ranges.ClosedRange;
import kotlin.ranges.IntProgression;
import kotlin.ranges.LongProgression;
import kotlin.sequences.Sequence;

/** Single values in the words of a person: sizes in binary units, times to the minute. */
public final class Words {

  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  private static final DateTimeFormatter MINUTE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mmxxx");

  /** Members of a collection that are told in one line. */
  private static final int MOST = 1000;

  /** What the classes of things declared at the prompt begin with, and of those without names. */
  private static final Pattern ENTRY = Pattern.compile("^Entry_\\d+\\$");

  private static final Pattern NAMELESS = Pattern.compile("^\\$\\$eval\\$\\d+");

  private Words() {}

  /** Bytes in the largest binary unit that leaves at least 1: {@code "1.5 GiB"}. */
  public static String size(long bytes) {
    return size(bytes, 0);
  }

  /**
   * The same.
   *
   * @param decimals told at least where the unit is larger than a byte; 0 for three figures or so
   */
  static String size(long bytes, int decimals) {
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
    int told = Math.max(decimals > 1 ? decimals : 0, value >= 99.95 ? 0 : 1);
    String figures = String.format(Locale.ROOT, "%." + told + "f", value);
    return figures.replaceFirst("\\.0+$", "") + " " + UNITS[unit];
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

  /** A moment in local time, to the minute, with its distance from UTC. */
  public static String moment(Instant instant) {
    return MINUTE.format(instant.atZone(ZoneId.systemDefault()));
  }

  /**
   * Any value in one line, as a part of something: the cell of a table, a member of a list. Numbers
   * are told to four figures or so.
   */
  public static String of(Object value) {
    return of(value, false);
  }

  /** A value that is a result by itself: numbers to the last figure. */
  static String alone(Object value) {
    boolean broken = value instanceof Double || value instanceof Float;
    return broken ? value.toString() : of(value);
  }

  private static String of(Object value, boolean inside) {
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
      return number(((Number) value).doubleValue());
    }
    if (value instanceof byte[] bytes) {
      return bytes.length + " bytes";
    }
    if (value instanceof Object[] items) {
      return joined(Arrays.asList(items), inside);
    }
    if (value.getClass().isArray()) {
      int length = Math.min(Array.getLength(value), MOST);
      Object[] items = new Object[length];
      Arrays.setAll(items, i -> Array.get(value, i));
      return joined(Arrays.asList(items), inside);
    }
    if (value instanceof Map<?, ?> map && map.isEmpty() && !inside) {
      return "-";
    }
    if (value instanceof Map<?, ?> map) {
      String text =
          map.entrySet().stream()
              .map(entry -> of(entry.getKey(), true) + "=" + of(entry.getValue(), true))
              .collect(Collectors.joining(", "));
      return inside ? "{" + text + "}" : text;
    }
    if (value instanceof Collection<?> items && !isRange(value)) {
      return items.isEmpty() && !inside ? "-" : joined(items, inside);
    }
    return value instanceof String text ? text : named(value);
  }

  private static String joined(Collection<?> items, boolean inside) {
    String text =
        items.stream().limit(MOST).map(item -> of(item, true)).collect(Collectors.joining(", "));
    if (items.size() > MOST) {
      text += ", … " + (items.size() - MOST) + " more";
    }
    return inside ? "[" + text + "]" : text;
  }

  private static String number(double value) {
    double size = Math.abs(value);
    if (size != 0 && (size < 0.001 || size >= 1e15)) {
      return Double.toString(value);
    }
    String text = String.format(Locale.ROOT, "%.3f", value);
    return text.contains(".") ? text.replaceFirst("\\.?0+$", "") : text;
  }

  /** What it calls itself; the classes of entries have no names that tell anybody anything. */
  private static String named(Object value) {
    if (value instanceof Sequence<?> || value instanceof BaseStream<?, ?>) {
      return "a sequence, not looked into: take(10).toList() shows its beginning";
    }
    String text = value.toString();
    if (text == null) {
      return "null";
    }
    if (value instanceof Function<?> && text.startsWith(value.getClass().getName())) {
      return "a function";
    }
    return NAMELESS.matcher(ENTRY.matcher(text).replaceFirst("")).replaceFirst("object");
  }

  /** Whether a value is something like {@code 1..9}, which tells all of itself. */
  static boolean isRange(Object value) {
    return value instanceof ClosedRange<?>
        || value instanceof IntProgression
        || value instanceof LongProgression
        || value instanceof CharProgression;
  }

  /** Whether a value is a quantity, which aligns to the right. */
  static boolean quantity(Object value) {
    return value instanceof Number
        || value instanceof Size
        || value instanceof Percent
        || value instanceof Duration;
  }
}
