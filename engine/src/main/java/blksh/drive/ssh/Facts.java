package blksh.drive.ssh;

import blksh.BlkshException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** What an agent tells as a JSON object: texts and numbers by name, and objects of them. */
final class Facts {

  private static final int DEPTH = 4;

  private final Map<String, Object> values;

  private Facts(Map<String, Object> values) {
    this.values = values;
  }

  /**
   * @param what is told, as it follows "understand"
   * @throws BlkshException when it is not such an object
   */
  static Facts parse(byte[] json, String what) {
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      if (parser.nextToken() == JsonToken.START_OBJECT) {
        return object(parser, DEPTH);
      }
    } catch (IOException e) {
      // told below
    }
    throw new BlkshException("understand " + what, "it is not told as an agent does")
        .suggest("find out what answers there");
  }

  private static Facts object(JsonParser parser, int depth) throws IOException {
    if (depth == 0) {
      throw new IOException("too deep");
    }
    Map<String, Object> values = new LinkedHashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken token = parser.nextToken();
      if (token == JsonToken.START_OBJECT) {
        values.put(name, object(parser, depth - 1));
      } else if (token == null || token == JsonToken.START_ARRAY) {
        throw new IOException("no value");
      } else {
        values.put(name, token == JsonToken.VALUE_NULL ? "" : parser.getText());
      }
    }
    if (parser.currentToken() != JsonToken.END_OBJECT) {
      throw new IOException("no end");
    }
    return new Facts(values);
  }

  /** A text; empty when there is none. */
  String text(String name) {
    return values.get(name) instanceof String text ? text : "";
  }

  /** A number, 0 or more; -1 when there is none. */
  long number(String name) {
    String text = text(name);
    return text.matches("[0-9]{1,18}") ? Long.parseLong(text) : -1;
  }

  /** An object; one without members when there is none. */
  Facts object(String name) {
    return values.get(name) instanceof Facts facts ? facts : new Facts(Map.of());
  }
}
