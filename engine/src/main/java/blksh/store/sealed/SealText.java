package blksh.store.sealed;

import blksh.io.Checksum;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A small blob in the clear: a JSON object of one field a line, the last of which is the CRC-32C of
 * all before it. What is not, to the byte, what its values give is damaged.
 */
final class SealText {

  /** Bytes that none has. */
  static final int MOST = 1 << 12;

  private static final JsonFactory JSON = new JsonFactory();

  private SealText() {}

  /** Of strings and numbers, by name. */
  static byte[] of(Map<String, Object> fields) {
    StringBuilder text = new StringBuilder("{\n");
    fields.forEach((name, value) -> text.append(line(name, value)));
    byte[] body = text.toString().getBytes(StandardCharsets.UTF_8);
    String sum = "%08x".formatted(Checksum.of(body, 0, body.length));
    return (text + "  \"crc32c\": \"" + sum + "\"\n}\n").getBytes(StandardCharsets.UTF_8);
  }

  private static String line(String name, Object value) {
    return value instanceof Number
        ? "  \"%s\": %s,\n".formatted(name, value)
        : "  \"%s\": \"%s\",\n".formatted(name, value);
  }

  /**
   * The fields of one, numbers as text.
   *
   * @throws IOException when it is none, or damaged
   */
  static Map<String, String> parse(byte[] bytes) throws IOException {
    if (bytes.length > MOST) {
      throw new IOException("it is too long");
    }
    Map<String, String> fields = new LinkedHashMap<>();
    Map<String, Object> typed = new LinkedHashMap<>();
    try (JsonParser in = JSON.createParser(bytes)) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("it is not what blksh wrote");
      }
      while (in.nextToken() == JsonToken.FIELD_NAME) {
        String field = in.currentName();
        boolean number = in.nextToken() == JsonToken.VALUE_NUMBER_INT;
        String value = in.getText();
        fields.put(field, value);
        typed.put(field, number ? Long.valueOf(value) : value);
      }
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new IOException("it is not what blksh wrote", e);
    }
    typed.remove("crc32c");
    if (!Arrays.equals(of(typed), bytes)) {
      throw new IOException("its checksum does not match");
    }
    return fields;
  }
}
