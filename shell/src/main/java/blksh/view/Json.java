package blksh.view;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import kotlin.UByte;
import kotlin.UInt;
import kotlin.ULong;
import kotlin.UShort;

/**
 * Results for programs: one JSON object on one line. Sizes are bytes, times are ISO 8601, lengths
 * of time are seconds.
 */
public final class Json {

  private Json() {}

  /**
   * The object for a result; anything that is no object itself comes as {@code value} or {@code
   * items}.
   *
   * @param findings what was found and survived, added as {@code findings} when there is any
   */
  public static String object(Object result, List<String> findings) {
    return object(result, findings, false);
  }

  /** The same over many lines, for people. */
  public static String indented(Object result) {
    return object(result, List.of(), true);
  }

  private static String object(Object result, List<String> findings, boolean indented) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      if (indented) {
        json.useDefaultPrettyPrinter();
      }
      json.writeStartObject();
      if (result instanceof Described thing) {
        members(json, thing);
      } else if (result instanceof Map<?, ?> map) {
        members(json, map);
      } else if (Parts.of(result) != null) {
        members(json, Parts.of(result));
      } else if (isMany(result)) {
        json.writeFieldName("items");
        value(json, result);
      } else if (result != null) {
        json.writeFieldName("value");
        value(json, result);
      }
      if (!findings.isEmpty()) {
        json.writeFieldName("findings");
        value(json, findings);
      }
      json.writeEndObject();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return Visible.escaped(text.toString());
  }

  /**
   * The object for a failure: {@code {"error":{"kind":…,"message":…,"at":…}}}.
   *
   * @param at the script and the line of it, {@code nightly.kts:12}; empty when that is not known
   * @param findings what was found before, added as {@code findings} when there is any
   */
  public static String error(String kind, String message, String at, List<String> findings) {
    Map<String, String> failure = new LinkedHashMap<>();
    failure.put("kind", kind);
    failure.put("message", message);
    if (!at.isEmpty()) {
      failure.put("at", at);
    }
    return object(Map.of("error", failure), findings);
  }

  private static void members(JsonGenerator json, Described thing) throws IOException {
    for (Field field : thing.fields()) {
      json.writeFieldName(field.key());
      value(json, field.value());
    }
    Object appendix = thing.appendix();
    if (appendix instanceof Iterable<?>) {
      json.writeFieldName("details");
      value(json, appendix);
    }
  }

  private static void members(JsonGenerator json, Map<?, ?> map) throws IOException {
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      json.writeFieldName(String.valueOf(entry.getKey()));
      value(json, entry.getValue());
    }
  }

  private static void members(JsonGenerator json, List<Field> parts) throws IOException {
    for (Field part : parts) {
      json.writeFieldName(part.label());
      value(json, part.value());
    }
  }

  /** A text as JSON writes it, in quotes. */
  public static String text(String value) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeString(value);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return text.toString();
  }

  private static boolean isMany(Object value) {
    return value instanceof Iterable<?> && !(value instanceof Path) && !Words.isRange(value)
        || value != null && value.getClass().isArray() && !(value instanceof byte[]);
  }

  private static void value(JsonGenerator json, Object value) throws IOException {
    if (value == null) {
      json.writeNull();
    } else if (value instanceof Described thing) {
      json.writeStartObject();
      members(json, thing);
      json.writeEndObject();
    } else if (value instanceof Map<?, ?> map) {
      json.writeStartObject();
      members(json, map);
      json.writeEndObject();
    } else if (value instanceof byte[] bytes) {
      json.writeBinary(bytes);
    } else if (value instanceof Iterable<?> items && isMany(value)) {
      json.writeStartArray();
      for (Object item : items) {
        value(json, item);
      }
      json.writeEndArray();
    } else if (isMany(value)) {
      json.writeStartArray();
      for (int i = 0; i < Array.getLength(value); i++) {
        value(json, Array.get(value, i));
      }
      json.writeEndArray();
    } else if (value instanceof Size size) {
      json.writeNumber(size.getBytes());
    } else if (value instanceof Percent percent) {
      json.writeNumber(percent.getValue());
    } else if (value instanceof Duration time) {
      json.writeNumber(time.toMillis() / 1000.0);
    } else if (value instanceof Boolean yes) {
      json.writeBoolean(yes);
    } else if (value instanceof Double || value instanceof Float) {
      json.writeNumber(((Number) value).doubleValue());
    } else if (value instanceof BigDecimal number) {
      json.writeNumber(number);
    } else if (value instanceof BigInteger number) {
      json.writeNumber(number);
    } else if (value instanceof Number number) {
      json.writeNumber(number.longValue());
    } else if (value instanceof UByte
        || value instanceof UShort
        || value instanceof UInt
        || value instanceof ULong) {
      json.writeNumber(new BigInteger(value.toString()));
    } else if (value instanceof Enum<?> constant) {
      json.writeString(constant.name().toLowerCase(Locale.ROOT));
    } else if (Parts.of(value) != null) {
      json.writeStartObject();
      members(json, Parts.of(value));
      json.writeEndObject();
    } else {
      json.writeString(value.toString());
    }
  }
}
