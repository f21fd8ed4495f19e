package blksh.store;

import blksh.BlkshException;
import blksh.block.SourceInfo;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a manifest says of itself, as a JSON object. Unknown fields are passed over. */
final class ManifestJson {

  private static final JsonFactory JSON = new JsonFactory();

  private static final int USUAL_SECTOR = 512;
  private static final int LARGEST_SECTOR = 1 << 20;

  private ManifestJson() {}

  static byte[] write(Manifest m) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator out = JSON.createGenerator(bytes)) {
      out.writeStartObject();
      out.writeStringField("name", m.name());
      out.writeNumberField("version", m.version());
      out.writeNumberField("size", m.size());
      out.writeStringField("started", m.started().toString());
      out.writeStringField("finished", m.finished().toString());
      out.writeObjectFieldStart("source");
      out.writeStringField("type", m.source().type());
      out.writeStringField("name", m.source().name());
      out.writeStringField("location", m.source().location());
      out.writeObjectFieldStart("details");
      for (Map.Entry<String, String> detail : m.source().details().entrySet()) {
        out.writeStringField(detail.getKey(), detail.getValue());
      }
      out.writeEndObject();
      out.writeEndObject();
      ManifestFigures f = m.figures();
      out.writeObjectFieldStart("figures");
      out.writeNumberField("dataBytes", f.dataBytes());
      out.writeNumberField("zeroBytes", f.zeroBytes());
      out.writeNumberField("freeBytes", f.freeBytes());
      out.writeNumberField("badBytes", f.badBytes());
      out.writeNumberField("newPages", f.newPages());
      out.writeNumberField("newBytes", f.newBytes());
      out.writeNumberField("storedBytes", f.storedBytes());
      out.writeNumberField("extents", f.extents());
      out.writeEndObject();
      out.writeStringField("root", m.root());
      if (m.sectorSize() != USUAL_SECTOR) {
        out.writeNumberField("sectorSize", m.sectorSize());
      }
      if (m.tree() != null) {
        ManifestFigures.Tree t = m.tree();
        out.writeStringField("kind", m.kind().word());
        out.writeObjectFieldStart("tree");
        out.writeNumberField("entries", t.entries());
        out.writeNumberField("files", t.files());
        out.writeNumberField("bytes", t.bytes());
        out.writeNumberField("unread", t.unread());
        out.writeNumberField("unsettled", t.unsettled());
        out.writeEndObject();
      }
      out.writeEndObject();
    }
    return bytes.toByteArray();
  }

  /** Reads what {@link #write} wrote. */
  static Manifest read(byte[] json) throws IOException {
    Map<String, String> top = new LinkedHashMap<>();
    Map<String, String> source = new LinkedHashMap<>();
    Map<String, String> details = new LinkedHashMap<>();
    Map<String, String> figures = new LinkedHashMap<>();
    Map<String, String> tree = new LinkedHashMap<>();
    try (JsonParser in = JSON.createParser(json)) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("a manifest describes itself with a JSON object");
      }
      readObject(
          in, top, Map.of("source", source, "figures", figures, "details", details, "tree", tree));
      return new Manifest(
          ManifestName.check(text(top, "name")),
          (int) number(top, "version"),
          number(top, "size"),
          Instant.parse(text(top, "started")),
          Instant.parse(text(top, "finished")),
          new SourceInfo(
              text(source, "type"), text(source, "name"), text(source, "location"), details),
          new ManifestFigures(
              number(figures, "dataBytes"),
              number(figures, "zeroBytes"),
              number(figures, "freeBytes"),
              number(figures, "badBytes"),
              number(figures, "newPages"),
              number(figures, "newBytes"),
              number(figures, "storedBytes"),
              number(figures, "extents")),
          text(top, "root"),
          sectorSize(top.get("sectorSize")),
          tree(top.get("kind"), tree));
    } catch (BlkshException e) {
      throw new IOException("its name is refused: " + e.problem(), e);
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new IOException("a manifest's description does not make sense: " + e.getMessage(), e);
    }
  }

  /** A kind nobody here knows is refused: its bytes mean what only a newer blksh knows. */
  private static ManifestFigures.Tree tree(String word, Map<String, String> fields)
      throws IOException {
    ManifestKind kind = word == null ? ManifestKind.IMAGE : ManifestKind.of(word);
    if (kind == null) {
      throw new IOException(
          "it is of a kind this blksh does not know, \"" + word + "\": use a newer blksh");
    }
    return kind == ManifestKind.IMAGE
        ? null
        : new ManifestFigures.Tree(
            number(fields, "entries"),
            number(fields, "files"),
            number(fields, "bytes"),
            number(fields, "unread"),
            number(fields, "unsettled"));
  }

  /** Only what is unusual is written, so that a row whose field is damaged says something else. */
  private static int sectorSize(String text) throws IOException {
    if (text == null) {
      return USUAL_SECTOR;
    }
    int size = Integer.parseInt(text);
    if (size < USUAL_SECTOR || size > LARGEST_SECTOR || Integer.bitCount(size) != 1) {
      throw new IOException("there are no sectors of " + size + " bytes");
    }
    return size;
  }

  private static void readObject(
      JsonParser in, Map<String, String> into, Map<String, Map<String, String>> nested)
      throws IOException {
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      String field = in.currentName();
      JsonToken value = in.nextToken();
      if (value == JsonToken.START_OBJECT && nested.containsKey(field)) {
        readObject(in, nested.get(field), nested);
      } else if (value.isStructStart()) {
        in.skipChildren();
      } else {
        into.put(field, in.getText());
      }
    }
  }

  private static String text(Map<String, String> fields, String name) throws IOException {
    String value = fields.get(name);
    if (value == null) {
      throw new IOException("a manifest's description lacks \"" + name + "\"");
    }
    return value;
  }

  private static long number(Map<String, String> fields, String name) throws IOException {
    return Long.parseLong(text(fields, name));
  }
}
