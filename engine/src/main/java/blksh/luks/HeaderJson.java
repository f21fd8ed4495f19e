package blksh.luks;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An object of JSON, as headers have it: texts, numbers, lists of texts and objects. LUKS2 writes
 * its large numbers as texts.
 */
final class HeaderJson {

  private static final int DEEPEST = 16;
  private static final int MOST_VALUES = 1 << 16;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
          .build();

  private final Map<String, Object> entries;

  private HeaderJson(Map<String, Object> entries) {
    this.entries = entries;
  }

  static HeaderJson parse(byte[] bytes, int from, int length) throws LuksProblem {
    try (JsonParser parser = JSON.createParser(bytes, from, length)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new LuksProblem("its header is no JSON");
      }
      return object(parser, new int[1]);
    } catch (IOException e) {
      throw new LuksProblem("the JSON of its header is damaged");
    }
  }

  private static HeaderJson object(JsonParser parser, int[] count) throws IOException, LuksProblem {
    Map<String, Object> entries = new LinkedHashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      entries.put(key, value(parser, count));
    }
    return new HeaderJson(entries);
  }

  private static Object value(JsonParser parser, int[] count) throws IOException, LuksProblem {
    LuksProblem.unless(++count[0] <= MOST_VALUES, "its header has too many values");
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(parser, count);
      case START_ARRAY -> {
        List<Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(parser, count));
        }
        yield list;
      }
      default -> parser.getText();
    };
  }

  boolean has(String key) {
    return entries.containsKey(key);
  }

  /** A text or a number. */
  String text(String key) throws LuksProblem {
    if (entries.get(key) instanceof String text) {
      return text;
    }
    throw new LuksProblem("its header has no " + key);
  }

  /** A number of a range, perhaps written as a text. */
  long number(String key, long least, long most) throws LuksProblem {
    String text = text(key);
    try {
      long value = Long.parseLong(text);
      LuksProblem.unless(
          value >= least && value <= most,
          "%s is %d, which is not from %d to %d",
          key,
          value,
          least,
          most);
      return value;
    } catch (NumberFormatException e) {
      throw new LuksProblem("%s is no number".formatted(key));
    }
  }

  /** A list of texts; empty where there is none. */
  List<String> texts(String key) {
    return entries.get(key) instanceof List<?> list
        ? list.stream()
            .map(String::valueOf)
            .map(text -> text.replaceAll("\\p{Cntrl}", "?"))
            .toList()
        : List.of();
  }

  /** An object, empty where there is none. */
  HeaderJson object(String key) {
    return entries.get(key) instanceof HeaderJson object ? object : new HeaderJson(Map.of());
  }

  /** The objects in it by name, in order. */
  Map<String, HeaderJson> members() {
    Map<String, HeaderJson> members = new LinkedHashMap<>();
    entries.forEach(
        (key, value) -> {
          if (value instanceof HeaderJson object) {
            members.put(key, object);
          }
        });
    return members;
  }
}
