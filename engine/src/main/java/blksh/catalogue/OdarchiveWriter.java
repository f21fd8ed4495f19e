package blksh.catalogue;

import blksh.task.Task;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * Writes a catalogue.json of version 2, as odarchive lays it out: four blanks for each level. What
 * it does not know of, such as symbolic links, is not in it. Times are UTC.
 */
final class OdarchiveWriter {

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
    LocalDateTime time = LocalDateTime.ofEpochSecond(seconds, 0, ZoneOffset.UTC);
    int year = time.getYear();
    if (year < 0 || year > 9999) {
      return TIME.format(time);
    }
    // What a formatter does, for millions of files.
    byte[] text = "0000-00-00T00:00:00".getBytes(StandardCharsets.US_ASCII);
    two(text, 0, year / 100);
    two(text, 2, year % 100);
    two(text, 5, time.getMonthValue());
    two(text, 8, time.getDayOfMonth());
    two(text, 11, time.getHour());
    two(text, 14, time.getMinute());
    two(text, 17, time.getSecond());
    return new String(text, StandardCharsets.ISO_8859_1);
  }

  private static void two(byte[] text, int at, int number) {
    text[at] += (byte) (number / 10);
    text[at + 1] += (byte) (number % 10);
  }

  /** In which order contents come. */
  enum Order {
    /** By their keys, as odarchive has them: every one is looked for. */
    BY_KEY,
    /** By the first path of each, as they are in the database: many times faster, and smaller. */
    BY_PATH
  }

  /**
   * Writes it, contents by key.
   *
   * @param asOf the scan whose findings it tells
   * @param disc whose contents alone are in it; null for all
   */
  void write(OdarchiveHeading heading, long asOf, DiscNumbers numbers, Disc disc, OutputStream out)
      throws IOException {
    write(
        heading,
        new OdarchiveContents(file, prefixes, Order.BY_KEY, asOf, numbers, disc),
        new CountedOutput(out),
        (content, length) -> {});
  }

  /** Writes all contents, by path. */
  void writeByPath(
      OdarchiveHeading heading, long asOf, DiscNumbers numbers, CountedOutput out, Blocks blocks)
      throws IOException {
    write(
        heading,
        new OdarchiveContents(file, prefixes, Order.BY_PATH, asOf, numbers, null),
        out,
        blocks);
  }

  /** Bytes of one without contents. */
  static long frame(OdarchiveHeading heading) {
    CountedOutput none = new CountedOutput(null);
    try {
      begin(heading, none);
      end(heading, false, none);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return none.count();
  }

  private void write(
      OdarchiveHeading heading, OdarchiveContents contents, CountedOutput out, Blocks blocks)
      throws IOException {
    begin(heading, out);
    boolean any = contents.write(out, blocks, task);
    end(heading, any, out);
  }

  private static void begin(OdarchiveHeading heading, OutputStream out) throws IOException {
    line(out, "{");
    field(out, "client_name", heading.clientName());
    field(out, "date", heading.date());
    raw(out, "    \"files\": {");
  }

  private static void end(OdarchiveHeading heading, boolean any, OutputStream out)
      throws IOException {
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
}
