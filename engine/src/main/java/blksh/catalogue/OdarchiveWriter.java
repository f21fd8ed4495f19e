package blksh.catalogue;

import blksh.task.Task;
import blksh.tree.TreeEntry;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;

/**
 * Writes a catalogue.json of version 2, as odarchive lays it out: keys in order, four blanks for
 * each level. What it does not know of, such as symbolic links, is not in it. Times are UTC.
 */
final class OdarchiveWriter {

  /**
   * Digits that a disc's number takes, with blanks before it: so the size is known before it is.
   */
  private static final int DISC_WIDTH = 5;

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss");

  private final CatalogueFile file;
  private final SourcePrefixes prefixes;
  private final Task task;

  OdarchiveWriter(CatalogueFile file, SourcePrefixes prefixes, Task task) {
    this.file = file;
    this.prefixes = prefixes;
    this.task = task;
  }

  /** Told of each content how many bytes it takes, without what is between two. */
  interface Blocks {
    void take(long content, int length);
  }

  /** A text of it, whole seconds. */
  static String time(long seconds) {
    return TIME.format(Instant.ofEpochSecond(seconds).atOffset(ZoneOffset.UTC));
  }

  /**
   * Writes it.
   *
   * @param asOf the scan whose findings it tells
   * @param only contents on that disc of the set; 0 for all, -1 for none
   */
  void write(OdarchiveHeading heading, long asOf, DiscNumbers numbers, int only, OutputStream out)
      throws IOException {
    write(heading, asOf, numbers, only, new CountedOutput(out), (content, length) -> {});
  }

  /** As above. */
  void write(
      OdarchiveHeading heading,
      long asOf,
      DiscNumbers numbers,
      int only,
      CountedOutput out,
      Blocks blocks)
      throws IOException {
    line(out, "{");
    field(out, "client_name", heading.clientName());
    field(out, "date", heading.date());
    raw(out, "    \"files\": {");
    boolean any = contents(asOf, numbers, only, out, blocks);
    line(out, any ? "\n    }," : "},");
    field(out, "guid", heading.guid());
    field(out, "iso_path_root", heading.isoRoot());
    field(out, "job_id", heading.jobId());
    field(out, "job_name", heading.jobName());
    long segment = heading.segmentSize();
    line(out, "    \"segment_size\": " + (segment < 0 ? "null" : Long.toString(segment)) + ",");
    field(out, "source_path", heading.sourcePath());
    line(out, "    \"version\": 2");
    raw(out, "}");
  }

  private static void raw(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  private static void line(OutputStream out, String text) throws IOException {
    raw(out, text + "\n");
  }

  private static void field(OutputStream out, String name, String value) throws IOException {
    raw(out, "    \"" + name + "\": ");
    out.write(value == null ? "null".getBytes(StandardCharsets.UTF_8) : JsonText.of(value));
    raw(out, ",\n");
  }

  private boolean contents(
      long asOf, DiscNumbers numbers, int only, CountedOutput out, Blocks blocks)
      throws IOException {
    if (only < 0) {
      return false;
    }
    IOException[] failed = new IOException[1];
    boolean any =
        file.call(
            "list contents",
            () -> {
              try (PreparedStatement statement =
                      file.own(
                          """
                          SELECT c.id, c.sha512, c.size, d.source, d.path, CAST(e.name AS BLOB),
                            e.mtime, e.told
                          FROM content c CROSS JOIN entry e ON e.content = c.id
                          CROSS JOIN directory d ON d.id = e.directory
                          WHERE e.scan <= ? AND (e.gone IS NULL OR e.gone > ?)
                          ORDER BY c.head, c.sha512, d.source, d.path, e.name""",
                          asOf,
                          asOf);
                  ResultSet rows = statement.executeQuery()) {
                return contents(rows, numbers, only, out, blocks);
              } catch (IOException e) {
                failed[0] = e;
                return false;
              }
            });
    if (failed[0] != null) {
      throw failed[0];
    }
    return any;
  }

  private boolean contents(
      ResultSet rows, DiscNumbers numbers, int only, CountedOutput out, Blocks blocks)
      throws SQLException, IOException {
    long begun = 0;
    long last = 0;
    boolean any = false;
    boolean open = false;
    String tail = "";
    while (rows.next()) {
      task.checkCancelled();
      long content = rows.getLong(1);
      if (content != last) {
        if (open) {
          raw(out, tail);
          blocks.take(last, (int) (out.count() - begun));
        }
        last = content;
        int disc = numbers.of(content);
        open = only == 0 || disc == only;
        if (open) {
          raw(out, any ? ",\n" : "\n");
          any = true;
          begun = out.count();
          tail = begin(rows, disc, out);
        }
      } else if (open) {
        raw(out, ",\n");
      }
      if (open) {
        raw(out, "                ");
        out.write(JsonText.of(path(rows)));
        raw(out, ": null");
      }
    }
    if (open) {
      raw(out, tail);
      blocks.take(last, (int) (out.count() - begun));
    }
    return any;
  }

  private byte[] path(ResultSet row) throws SQLException {
    byte[] in = PathKey.path(EntryState.bytes(row, 5));
    byte[] path = prefixes.on(row.getInt(4), TreeEntry.path(in, EntryState.bytes(row, 6)));
    return TreeEntry.path(OdarchiveHeading.ROOT.getBytes(StandardCharsets.UTF_8), path);
  }

  /** The beginning of a content, up to its names. @return what comes behind them */
  private static String begin(ResultSet row, int disc, OutputStream out)
      throws SQLException, IOException {
    line(out, "        \"" + HexFormat.of().formatHex(row.getBytes(2)) + "\": {");
    if (disc > 0) {
      line(out, "            \"disc_num\": %".concat(DISC_WIDTH + "d,").formatted(disc - 1));
    }
    line(out, "            \"filenames\": {");
    String told = row.getString(8);
    String time = told == null || told.isEmpty() ? time(row.getLong(7)) : told;
    return "\n            },\n            \"mtime\": "
        + new String(JsonText.of(time), StandardCharsets.UTF_8)
        + ",\n            \"size\": "
        + row.getLong(3)
        + "\n        }";
  }
}
