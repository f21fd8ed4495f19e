package blksh.store;

import blksh.io.Checksum;
import blksh.io.IoFailure;
import blksh.store.ManifestDirectory.Version;
import blksh.store.shelf.Blob;
import blksh.store.shelf.Shelf;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What was said of versions: the blobs {@code manifests/NAME/N.marks} beside their manifests, each
 * a JSON object, a line feed and the CRC-32C of all before as eight hex digits. A version without
 * one has no marks; one in the trash keeps its own.
 *
 * <p>Those of an encrypted store say of which version they are: who can write there, but has no
 * key, may put the blob of one in place of another's.
 */
final class MarksFiles {

  private static final String ENDING = ".marks";

  /** The name of a blob of marks. */
  static final Pattern BLOB = Pattern.compile(ManifestDirectory.OF_VERSION + "\\.marks");

  private static final String VERSION = "version";
  private static final int MOST = 1 << 16;
  private static final int SUM = 8;
  private static final JsonFactory JSON = new JsonFactory();

  private final Shelf shelf;
  private final ManifestDirectory manifests;
  private final boolean bound;

  /**
   * @param bound whether they say of which version they are
   */
  MarksFiles(Shelf shelf, ManifestDirectory manifests, boolean bound) {
    this.bound = bound;
    this.shelf = shelf;
    this.manifests = manifests;
  }

  private String blob(Version version) {
    return manifests.beside(version, ENDING);
  }

  /** What was said of a version. */
  VersionMarks of(Version version) {
    try (Blob blob = shelf.open(blob(version))) {
      if (blob.size() > MOST) {
        throw new IOException("it has " + blob.size() + " bytes");
      }
      return parse(blob.read(0, (int) blob.size()), said(version));
    } catch (NoSuchFileException e) {
      return VersionMarks.NONE;
    } catch (IOException e) {
      return VersionMarks.unreadable(shelf.locate(blob(version)) + ": " + IoFailure.reason(e));
    }
  }

  /** What its marks say of which version they are; nothing when they do not say it. */
  private String said(Version version) {
    return bound ? version.reference() : "";
  }

  /** What was said of all versions of which anything was; those in the trash too. */
  Map<Version, VersionMarks> all() {
    Set<Version> marked = new HashSet<>();
    manifests.each(ManifestDirectory.PREFIX, BLOB, (version, matcher) -> marked.add(version));
    Map<Version, VersionMarks> found = new HashMap<>();
    marked.forEach(version -> found.put(version, of(version)));
    return found;
  }

  /** Says something of a version, in place of what was said before. */
  void put(Version version, VersionMarks marks) throws IOException {
    if (marks.isEmpty()) {
      remove(version);
    } else {
      byte[] content = write(marks, said(version));
      if (content.length > MOST) {
        throw new IOException("a note and tags have " + MOST + " bytes at most");
      }
      shelf.put(blob(version), content);
    }
  }

  /** Forgets what was said of a version. */
  void remove(Version version) throws IOException {
    if (shelf.size(blob(version)).isPresent()) {
      shelf.delete(blob(version));
    }
  }

  private static byte[] write(VersionMarks marks, String of) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator out = JSON.createGenerator(bytes)) {
      out.writeStartObject();
      if (!of.isEmpty()) {
        out.writeStringField(VERSION, of);
      }
      out.writeBooleanField("pinned", marks.pinned());
      out.writeStringField("note", marks.note());
      out.writeArrayFieldStart("tags");
      for (String tag : marks.tags()) {
        out.writeString(tag);
      }
      out.writeEndArray();
      out.writeEndObject();
    }
    bytes.write('\n');
    byte[] said = bytes.toByteArray();
    bytes.writeBytes(sum(said, said.length).getBytes(StandardCharsets.US_ASCII));
    return bytes.toByteArray();
  }

  private static String sum(byte[] bytes, int length) {
    return "%08x".formatted(Checksum.of(bytes, 0, length));
  }

  private static VersionMarks parse(byte[] bytes, String of) throws IOException {
    int length = bytes.length - SUM;
    if (length < 0
        || !sum(bytes, length)
            .equals(new String(bytes, length, SUM, StandardCharsets.ISO_8859_1))) {
      throw new IOException("it is damaged");
    }
    String said = "";
    boolean pinned = false;
    String note = "";
    List<String> tags = new ArrayList<>();
    try (JsonParser in = JSON.createParser(bytes, 0, length)) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("it is damaged");
      }
      while (in.nextToken() == JsonToken.FIELD_NAME) {
        String field = in.currentName();
        JsonToken value = in.nextToken();
        switch (field) {
          case VERSION -> said = in.getText();
          case "pinned" -> pinned = value == JsonToken.VALUE_TRUE;
          case "note" -> note = in.getText();
          case "tags" -> {
            while (value == JsonToken.START_ARRAY && in.nextToken() != JsonToken.END_ARRAY) {
              tags.add(in.getText());
            }
          }
          // Whoever says more of it would lose what this does not know.
          default -> throw new IOException("it says \"" + field + "\", which a newer blksh knows");
        }
      }
    }
    if (!said.equals(of)) {
      throw new IOException("it is that of another version");
    }
    return new VersionMarks(pinned, note, tags, null);
  }
}
