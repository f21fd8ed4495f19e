package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.IoFailure;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a catalogue.json of odarchive says of itself. Of version 1 all but the version may be
 * missing, of version 2 more than that too (its releases 0.0.0 to 0.1.0).
 *
 * @param clientName {@code jobName}, {@code date}, {@code guid}, {@code jobId}, {@code sourcePath}:
 *     null when it is not said
 * @param isoRoot what its names begin with, {@code /DATA} unless it says so, without a slash at its
 *     end
 * @param segmentSize bytes of a disc; -1 when it is not said
 */
record OdarchiveHeading(
    int version,
    String clientName,
    String jobName,
    String jobId,
    String guid,
    String date,
    String isoRoot,
    String sourcePath,
    long segmentSize) {

  static final String ROOT = "/DATA";

  /** What dill files begin with: a pickle of protocol 2 to 5. */
  private static final int PICKLE = 0x80;

  private static final JsonFactory JSON = new JsonFactory();

  /** Opens one; a mark at its beginning (U+FEFF) and any line ends are passed over. */
  static JsonParser open(Path path) throws IOException {
    InputStream in = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
    try {
      in.mark(4);
      byte[] begin = in.readNBytes(3);
      in.reset();
      if (begin.length > 0 && (begin[0] & 0xff) == PICKLE) {
        throw new BlkshException(
                "read the catalogue " + path,
                "it is a pickle of odarchive (archiver.dill), which is a program and not data")
            .suggest("use the catalogue.json beside it, or of a disc");
      }
      if (begin.length == 3 && new String(begin, StandardCharsets.UTF_8).equals("\ufeff")) {
        in.skipNBytes(3);
      }
      return JSON.createParser(new LoneSurrogates(in));
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  /**
   * Reads what a file says of itself; all of it is read, and what is no JSON refused.
   *
   * @throws BlkshException when it is none, or of another version
   */
  static OdarchiveHeading read(Path path) {
    String action = "read the catalogue " + path;
    try (JsonParser in = open(path)) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        throw refused(action, in, "it is no catalogue: it does not begin with {");
      }
      Map<String, String> said = new LinkedHashMap<>();
      boolean files = false;
      while (in.nextToken() != JsonToken.END_OBJECT) {
        String name = in.currentName();
        JsonToken value = in.nextToken();
        if (name.equals("files")) {
          if (value != JsonToken.START_OBJECT) {
            throw refused(action, in, "\"files\" is no object");
          }
          files = true;
        }
        if (value.isStructStart()) {
          in.skipChildren();
        } else if (value != JsonToken.VALUE_NULL) {
          said.put(name, in.getText());
        }
      }
      return of(action, said, files);
    } catch (JsonProcessingException e) {
      throw noJson(action, e);
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  static BlkshException noJson(String action, JsonProcessingException e) {
    String where = e.getLocation() == null ? "" : where(e.getLocation());
    return new BlkshException(action, "it is no JSON" + where + ": " + e.getOriginalMessage(), e);
  }

  static BlkshException refused(String action, JsonParser in, String problem) {
    return new BlkshException(action, problem + where(in.currentLocation()));
  }

  private static String where(JsonLocation at) {
    return " (line %d, column %d)".formatted(at.getLineNr(), at.getColumnNr());
  }

  private static OdarchiveHeading of(String action, Map<String, String> said, boolean files) {
    String version = said.get("version");
    if (version == null || !files) {
      throw new BlkshException(
          action,
          "it is no catalogue of odarchive: it says no " + (files ? "\"version\"" : "\"files\""));
    }
    if (!version.equals("1") && !version.equals("2")) {
      throw new BlkshException(action, "it is of version " + version + ", and 1 and 2 are known");
    }
    String root = said.getOrDefault("iso_path_root", ROOT);
    while (root.endsWith("/")) {
      root = root.substring(0, root.length() - 1);
    }
    return new OdarchiveHeading(
        Integer.parseInt(version),
        said.get("client_name"),
        said.get("job_name"),
        said.get("job_id"),
        said.get("guid"),
        said.get("date"),
        root,
        said.get("source_path"),
        number(said.get("segment_size")));
  }

  private static long number(String text) {
    try {
      return text == null ? -1 : Long.parseLong(text);
    } catch (NumberFormatException e) {
      return -1; // a name of a medium
    }
  }

  /** What it is known by when it is read again. */
  String identity() {
    return jobId != null ? jobId : guid;
  }
}
