package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.FileType;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.task.Task;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Takes the contents and names of a catalogue.json of odarchive into a catalogue, as a source of
 * its own, with the discs it says they are on. All of it is there afterwards, or nothing.
 */
final class CatalogueMerge {

  private static final int LONGEST_NAME = 255;

  private final CatalogueFile file;
  private final ContentTable contents;
  private final Path path;
  private final String action;
  private final Task task;
  private OdarchiveHeading heading;
  private long source;
  private long scan;
  private final Map<Long, Long> discs = new HashMap<>();
  private long discSet;
  private long contentCount;
  private long names;
  private long fresh;
  private long bytes;

  /** The directory that was noted last, with its number: most names are in the same. */
  private byte[] lastDirectory;

  private long lastDirectoryId;

  CatalogueMerge(CatalogueFile file, Path path, Task task) {
    this.file = file;
    this.contents = new ContentTable(file);
    this.path = path;
    this.action = "read the catalogue " + path;
    this.task = task;
  }

  MergeReport run() {
    heading = OdarchiveHeading.read(path);
    return file.whole("merge " + path, this::merge);
  }

  private MergeReport merge() throws SQLException {
    source = source();
    scan =
        file.number(
            0,
            "INSERT INTO scan (source, began) VALUES (?, ?) RETURNING id",
            source,
            Instant.now().toEpochMilli());
    file.execute(
        "UPDATE entry SET gone = ? WHERE gone IS NULL AND directory IN"
            + " (SELECT id FROM directory WHERE source = ?)",
        scan,
        source);
    for (String table : List.of("part", "place")) {
      file.execute(
          "DELETE FROM "
              + table
              + " WHERE disc IN (SELECT d.id FROM disc d JOIN disc_set s"
              + " ON s.id = d.disc_set WHERE s.source = ?)",
          source);
    }
    file.execute(
        "DELETE FROM disc WHERE disc_set IN (SELECT id FROM disc_set WHERE source = ?)", source);
    file.execute("DELETE FROM disc_set WHERE source = ?", source);
    directory(new byte[0]);
    try (JsonParser in = OdarchiveHeading.open(path)) {
      in.nextToken();
      while (in.nextToken() != JsonToken.END_OBJECT) {
        String name = in.currentName();
        in.nextToken();
        if (name.equals("files")) {
          files(in);
        } else {
          in.skipChildren();
        }
      }
    } catch (JsonProcessingException e) {
      throw OdarchiveHeading.noJson(action, e);
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
    finishDiscs();
    long gone = file.number(0, "SELECT count(*) FROM entry WHERE gone = ?", scan);
    file.execute(
        "UPDATE scan SET ended = ?, files = ?, bytes = ?, gone = ? WHERE id = ?",
        Instant.now().toEpochMilli(),
        names,
        bytes,
        gone,
        scan);
    String job = heading.jobName() == null ? path.getFileName().toString() : heading.jobName();
    return new MergeReport(
        job, heading.version(), contentCount, names, fresh, bytes, discs.size(), gone);
  }

  private long source() throws SQLException {
    String identity = heading.identity();
    byte[] root = heading.isoRoot().getBytes(StandardCharsets.UTF_8);
    long known =
        identity == null
            ? 0
            : file.number(0, "SELECT id FROM source WHERE imported = 1 AND job_id = ?", identity);
    if (known != 0) {
      file.execute(
          "UPDATE source SET root = ?, job_name = ?, client = ?, guid = ?, date = ?, origin = ?"
              + " WHERE id = ?",
          root,
          heading.jobName(),
          heading.clientName(),
          heading.guid(),
          heading.date(),
          heading.sourcePath(),
          known);
      return known;
    }
    return file.number(
        0,
        """
        INSERT INTO source (root, imported, job_name, job_id, client, guid, date, origin)
        VALUES (?, 1, ?, ?, ?, ?, ?, ?) RETURNING id""",
        root,
        heading.jobName(),
        identity,
        heading.clientName(),
        heading.guid(),
        heading.date(),
        heading.sourcePath());
  }

  private void files(JsonParser in) throws IOException, SQLException {
    while (in.nextToken() != JsonToken.END_OBJECT) {
      task.checkCancelled();
      String hash = in.currentName();
      if (in.nextToken() != JsonToken.START_OBJECT) {
        throw OdarchiveHeading.refused(action, in, "the entry of " + shown(hash) + " is no object");
      }
      one(in, digest(in, hash));
    }
  }

  private static String shown(String text) {
    return NameText.of(JsonText.bytes(text));
  }

  private byte[] digest(JsonParser in, String hash) {
    try {
      byte[] digest = HexFormat.of().parseHex(hash);
      if (digest.length == ContentDigests.SHA512_BYTES) {
        return digest;
      }
    } catch (IllegalArgumentException e) {
      // told below
    }
    throw OdarchiveHeading.refused(action, in, shown(hash) + " is no SHA-512");
  }

  private void one(JsonParser in, byte[] digest) throws IOException, SQLException {
    List<byte[]> filenames = new ArrayList<>();
    long size = -1;
    long disc = -1;
    String told = null;
    while (in.nextToken() != JsonToken.END_OBJECT) {
      String name = in.currentName();
      JsonToken value = in.nextToken();
      switch (name) {
        case "filenames" -> {
          if (value != JsonToken.START_OBJECT) {
            throw OdarchiveHeading.refused(action, in, "\"filenames\" is no object");
          }
          while (in.nextToken() != JsonToken.END_OBJECT) {
            filenames.add(relative(in, JsonText.bytes(in.currentName())));
            in.nextToken();
            in.skipChildren();
          }
        }
        case "size" -> size = number(in, value, Long.MAX_VALUE / 2);
        case "disc_num" ->
            disc = value == JsonToken.VALUE_NULL ? -1 : number(in, value, Integer.MAX_VALUE - 1);
        case "mtime" -> told = value == JsonToken.VALUE_NULL ? null : in.getText();
        default -> in.skipChildren();
      }
    }
    if (size < 0) {
      throw OdarchiveHeading.refused(action, in, "a content has no \"size\"");
    }
    long before = file.number(0, "SELECT max(id) FROM content");
    long content = contents.enter(new ContentDigests(digest, null), size);
    contentCount++;
    fresh += content > before ? 1 : 0;
    bytes += size;
    for (byte[] each : filenames) {
      enter(each, content, size, told);
    }
    if (disc >= 0) {
      file.execute(
          "INSERT OR IGNORE INTO part (disc, content, number, parts, start, length)"
              + " VALUES (?, ?, 1, 1, 0, ?)",
          disc(disc),
          content,
          size);
    }
  }

  private long number(JsonParser in, JsonToken value, long most) throws IOException {
    try {
      long number =
          value == JsonToken.VALUE_NUMBER_INT || value == JsonToken.VALUE_STRING
              ? Long.parseLong(in.getText())
              : -1;
      if (number >= 0 && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw OdarchiveHeading.refused(
        action, in, "\"%s\" is %s".formatted(in.currentName(), shown(in.getText())));
  }

  /** A name without what all begin with; what would lead out of a tree is refused. */
  private byte[] relative(JsonParser in, byte[] name) {
    byte[] root = heading.isoRoot().getBytes(StandardCharsets.UTF_8);
    boolean below =
        name.length > root.length
            && name[root.length] == '/'
            && Arrays.equals(name, 0, root.length, root, 0, root.length);
    int from = below ? root.length + 1 : name.length > 0 && name[0] == '/' ? 1 : 0;
    byte[] relative = Arrays.copyOfRange(name, from, name.length);
    int start = 0;
    for (int end = 0; end <= relative.length; end++) {
      if (end == relative.length || relative[end] == '/') {
        int length = end - start;
        boolean dots =
            length <= 2 && length > 0 && relative[start] == '.' && relative[end - 1] == '.';
        if (length == 0 || length > LONGEST_NAME || dots) {
          throw OdarchiveHeading.refused(
              action, in, "%s is no name a file can have".formatted(NameText.of(name)));
        }
        start = end + 1;
      } else if (relative[end] == 0) {
        throw OdarchiveHeading.refused(
            action, in, "%s is no name a file can have".formatted(NameText.of(name)));
      }
    }
    return relative;
  }

  private void enter(byte[] path, long content, long size, String told) throws SQLException {
    int slash = path.length;
    while (slash > 0 && path[slash - 1] != '/') {
      slash--;
    }
    long directory = directory(Arrays.copyOf(path, Math.max(0, slash - 1)));
    byte[] name = Arrays.copyOfRange(path, slash, path.length);
    long ended = 0;
    try (ResultSet rows =
        file.prepared(
                "SELECT id FROM entry WHERE name = CAST(? AS TEXT) AND directory = ? AND gone = ?"
                    + " AND content = ? AND told = ?",
                name,
                directory,
                scan,
                content,
                told == null ? "" : told)
            .executeQuery()) {
      ended = rows.next() ? rows.getLong(1) : 0;
    }
    names++;
    if (ended != 0) {
      file.execute("UPDATE entry SET gone = NULL WHERE id = ?", ended);
      return;
    }
    long there =
        file.number(
            0,
            "SELECT id FROM entry WHERE directory = ? AND name = CAST(? AS TEXT) AND gone IS NULL",
            directory,
            name);
    if (there != 0) {
      throw new BlkshException(action, "it names " + NameText.of(path) + " more than once");
    }
    state(directory, name, FileType.REGULAR, 0644, size, content, told).insert(file, scan);
  }

  private EntryState state(
      long directory, byte[] name, FileType type, int mode, long size, long content, String told) {
    return new EntryState(
        0,
        directory,
        name,
        type,
        mode,
        0,
        0,
        size,
        seconds(told),
        0,
        0,
        0,
        0,
        0,
        1,
        0,
        null,
        null,
        content,
        true,
        told == null ? "" : told);
  }

  /** To sort by; the zone is not known. */
  private static long seconds(String told) {
    try {
      return told == null ? 0 : LocalDateTime.parse(told).toEpochSecond(ZoneOffset.UTC);
    } catch (DateTimeException e) {
      return 0;
    }
  }

  /** The number of a directory, which is noted with those above it when it is new. */
  private long directory(byte[] path) throws SQLException {
    if (lastDirectory != null && Arrays.equals(lastDirectory, path)) {
      return lastDirectoryId;
    }
    byte[] key = PathKey.of(path);
    long id = file.number(0, "SELECT id FROM directory WHERE source = ? AND path = ?", source, key);
    if (id == 0) {
      id =
          file.number(
              0, "INSERT INTO directory (source, path) VALUES (?, ?) RETURNING id", source, key);
    }
    int slash = path.length;
    while (slash > 0 && path[slash - 1] != '/') {
      slash--;
    }
    byte[] name = Arrays.copyOfRange(path, slash, path.length);
    long parent = path.length == 0 ? id : directory(Arrays.copyOf(path, Math.max(0, slash - 1)));
    EntryState known = null;
    try (ResultSet rows =
        file.prepared(
                "SELECT "
                    + EntryState.COLUMNS
                    + " FROM entry e WHERE e.directory = ? AND e.name = CAST(? AS TEXT)"
                    + " AND (e.gone IS NULL OR e.gone = ?)",
                parent,
                name,
                scan)
            .executeQuery()) {
      while (rows.next()) {
        EntryState state = EntryState.of(rows);
        known = known == null || state.isDirectory() ? state : known;
      }
    }
    if (known != null && known.isDirectory()) {
      file.execute("UPDATE entry SET gone = NULL WHERE id = ?", known.id());
    } else if (file.number(
            0,
            "SELECT id FROM entry WHERE directory = ? AND name = CAST(? AS TEXT) AND gone IS NULL",
            parent,
            name)
        != 0) {
      throw new BlkshException(
          action, "it has " + NameText.of(path) + " as a file and as a directory");
    } else {
      state(parent, name, FileType.DIRECTORY, 0755, 0, 0, null).insert(file, scan);
    }
    lastDirectory = path;
    lastDirectoryId = id;
    return id;
  }

  private long disc(long number) throws SQLException {
    Long known = discs.get(number);
    if (known != null) {
      return known;
    }
    if (discSet == 0) {
      discSet =
          file.number(
              0,
              "INSERT INTO disc_set (made, media, capacity, guid, imported, source)"
                  + " VALUES (?, '', ?, ?, 1, ?) RETURNING id",
              Instant.now().toEpochMilli(),
              Math.max(0, heading.segmentSize()),
              heading.guid() == null ? "" : heading.guid(),
              source);
    }
    String job = heading.jobName() == null ? "new" : heading.jobName();
    long id =
        file.number(
            0,
            """
            INSERT INTO disc (disc_set, number, name, guid, capacity, size, files, bytes, written)
            VALUES (?, ?, ?, '', ?, 0, 0, 0, ?) RETURNING id""",
            discSet,
            number + 1,
            "%s_%04d".formatted(job, number),
            Math.max(0, heading.segmentSize()),
            Instant.now().toEpochMilli());
    discs.put(number, id);
    return id;
  }

  private void finishDiscs() throws SQLException {
    for (long disc : discs.values()) {
      file.execute(
          "UPDATE disc SET files = (SELECT count(*) FROM part WHERE disc = ?),"
              + " bytes = (SELECT total(length) FROM part WHERE disc = ?) WHERE id = ?",
          disc,
          disc,
          disc);
    }
  }
}
