package blksh.prompt.complete;

import blksh.view.Described;
import blksh.view.Percent;
import blksh.view.Size;
import blksh.view.Words;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.TemporalAccessor;
import java.util.Collection;
import java.util.Map;

/** Values in a few words, beside their names. */
final class Glimpse {

  /** As much of a string as describes it, in characters. */
  private static final int LONGEST = 40;

  private Glimpse() {}

  /** A value in a few words, found without reading through it. */
  static String of(Object value) {
    try {
      if (value instanceof Described thing) {
        return firstLine(thing.title());
      }
      if (value instanceof Collection<?> items) {
        return value.getClass().getPackageName().equals("blksh.dsl")
            ? value.getClass().getSimpleName() + " of " + items.size()
            : "List of " + items.size();
      }
      if (value instanceof Map<?, ?> map) {
        return "Map of " + map.size();
      }
      if (value instanceof CharSequence text) {
        return '"'
            + firstLine(text.subSequence(0, Math.min(text.length(), LONGEST)).toString())
            + '"';
      }
      boolean plain =
          value instanceof Number
              || value instanceof Boolean
              || value instanceof Enum<?>
              || value instanceof Path
              || value instanceof TemporalAccessor
              || value instanceof Duration
              || value instanceof Size
              || value instanceof Percent;
      return plain ? Words.of(value) : value == null ? "" : value.getClass().getSimpleName();
    } catch (RuntimeException indescribable) {
      return "";
    }
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }
}
