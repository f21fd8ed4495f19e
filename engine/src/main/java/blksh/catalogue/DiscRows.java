package blksh.catalogue;

import blksh.iso.DiscLabel;
import java.sql.SQLException;
import java.util.Arrays;

/**
 * Notes what comes onto the discs of a plan. Millions of rows are put in by few statements, so what
 * was noted is in the tables only after {@link #flush}. To be used within a call of the file.
 */
final class DiscRows {

  /** Rows that are put in together. */
  private static final int PIECE = 50_000;

  private static final String PLACES =
      "INSERT OR IGNORE INTO place (disc, entry) SELECT ?, value FROM json_each(?)";

  private static final String CONTENTS =
      """
      INSERT INTO part (disc, content, number, parts, start, length)
      SELECT ?, c.id, 1, 1, 0, c.size FROM json_each(?) j CROSS JOIN content c ON c.id = j.value""";

  private final CatalogueFile file;
  private final SegmentOptions options;
  private final String jobName;
  private final long set;
  private final long asOf;
  private final Pieces places = new Pieces(PLACES);
  private final Pieces contents = new Pieces(CONTENTS);

  DiscRows(Catalogue catalogue, SegmentOptions options, long set, long asOf) {
    this.file = catalogue.file();
    this.jobName = catalogue.jobName();
    this.options = options;
    this.set = set;
    this.asOf = asOf;
  }

  /** Numbers, each on a disc: the disc in the upper bits, so that they sort as the table does. */
  private final class Pieces {

    /** Bits of a number: entries and contents are fewer than 2^40, discs than 2^23. */
    private static final int BITS = 40;

    private final String sql;
    private final long[] noted = new long[PIECE];
    private int count;

    Pieces(String sql) {
      this.sql = sql;
    }

    void add(long disc, long number) throws SQLException {
      if (count == PIECE) {
        flush();
      }
      noted[count++] = disc << BITS | number;
    }

    void flush() throws SQLException {
      Arrays.sort(noted, 0, count);
      int from = 0;
      while (from < count) {
        long disc = noted[from] >> BITS;
        StringBuilder json = new StringBuilder("[");
        int i = from;
        for (; i < count && noted[i] >> BITS == disc; i++) {
          json.append(i == from ? "" : ",").append(noted[i] & (1L << BITS) - 1);
        }
        file.execute(sql, disc, json.append(']').toString());
        from = i;
      }
      count = 0;
    }
  }

  /** Of each further set with its number, so that no two discs are called the same. */
  private String name(int number, String ending) throws SQLException {
    long sets = file.number(0, "SELECT count(*) FROM disc_set WHERE imported = 0 AND id <= ?", set);
    String which = sets > 1 ? "_" + sets : "";
    String volume = DiscLabel.volume(jobName);
    int length = Math.max(1, Math.min(11 - which.length(), volume.length()));
    return volume.substring(0, length) + which + ending.formatted(number);
  }

  /** Makes a disc. @return the number of its row */
  long disc(int number) throws SQLException {
    return disc(number, "_%04d");
  }

  /** As above. @param ending of its name, with the number */
  long disc(int number, String ending) throws SQLException {
    return file.number(
        0,
        """
        INSERT INTO disc (disc_set, number, name, guid, capacity, size, files, bytes, as_of, made,
          sources)
        VALUES (?, ?, ?, ?, ?, 0, 0, 0, ?, ?, (SELECT max(id) FROM source)) RETURNING id""",
        set,
        number,
        name(number, ending),
        "", // which depends on what comes onto it
        options.capacity(),
        asOf,
        options.made().toEpochMilli());
  }

  /** Notes that a disc tells of an entry. */
  void place(long disc, long entry) throws SQLException {
    places.add(disc, entry);
  }

  /** Notes that a disc has all of a content. */
  void content(long disc, long content) throws SQLException {
    contents.add(disc, content);
  }

  /** Notes that a disc has a part of a content. */
  void part(PartRow part) throws SQLException {
    PartTable.insert(file, part);
  }

  /** Puts what was noted into the tables. */
  void flush() throws SQLException {
    places.flush();
    contents.flush();
  }
}
