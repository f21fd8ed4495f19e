package blksh.catalogue;

import blksh.task.Task;
import blksh.tree.TreeEntry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.BitSet;

/** The contents of a catalogue.json: each with its disc, its names, its time and its size. */
final class OdarchiveContents {

  /**
   * Digits that a disc's number takes, with blanks before it: so the size is known before it is.
   */
  private static final int DISC_WIDTH = 5;

  /** Text that is gathered before it is written: a content may have a million names. */
  private static final int GATHERED = 1 << 16;

  private static final byte[] ROOT = OdarchiveHeading.ROOT.getBytes(StandardCharsets.UTF_8);

  private static final String COLUMNS =
      "SELECT c.id, c.sha512, c.size, d.source, d.path, CAST(e.name AS BLOB), e.mtime, e.told, d.id,"
          + " c.sha256 IS NOT NULL";

  /** What was there at a scan. */
  private static final String THERE = "e.scan <= ? AND (e.gone IS NULL OR e.gone > ?)";

  private static final String BY_KEY =
      COLUMNS
          + " FROM content c CROSS JOIN entry e ON e.content = c.id"
          + " CROSS JOIN directory d ON d.id = e.directory WHERE "
          + THERE
          + " ORDER BY c.head, c.sha512, d.source, d.path, e.name";

  /** Of what one disc has, found by the disc. */
  private static final String OF_DISC =
      COLUMNS
          + " FROM (SELECT DISTINCT content FROM part WHERE disc = ?) p"
          + " CROSS JOIN content c ON c.id = p.content CROSS JOIN entry e ON e.content = c.id"
          + " CROSS JOIN directory d ON d.id = e.directory WHERE "
          + THERE
          + " ORDER BY c.head, c.sha512, d.source, d.path, e.name";

  /** Of the last scan: an index has what is there now in this order. */
  private static final String BY_PATH_NOW =
      COLUMNS
          + " FROM directory d CROSS JOIN entry e ON e.directory = d.id"
          + " CROSS JOIN content c ON c.id = e.content WHERE e.gone IS NULL"
          + " ORDER BY d.source, d.path, e.name";

  private static final String BY_PATH =
      COLUMNS
          + " FROM entry e CROSS JOIN directory d ON d.id = e.directory"
          + " CROSS JOIN content c ON c.id = e.content WHERE "
          + THERE
          + " ORDER BY d.source, d.path, e.name";

  private static final String NAMES =
      COLUMNS
          + " FROM entry e JOIN directory d ON d.id = e.directory JOIN content c ON c.id = e.content"
          + " WHERE e.content = ? AND "
          + THERE
          + " ORDER BY d.source, d.path, e.name";

  private final CatalogueFile file;
  private final SourcePrefixes prefixes;
  private final OdarchiveWriter.Order order;
  private final long asOf;
  private final DiscNumbers numbers;
  private final Disc disc;

  private final ByteText text = new ByteText();

  /** The directory of the last path as a JSON string, without its end. */
  private final ByteText directory = new ByteText();

  private long directoryId;
  private CountedOutput out;
  private boolean any;
  private long begun;

  /** What comes behind the names. */
  private final ByteText tail = new ByteText();

  /**
   * @param asOf the scan whose findings it tells
   * @param disc whose contents they are, by key; null for all
   */
  OdarchiveContents(
      CatalogueFile file,
      SourcePrefixes prefixes,
      OdarchiveWriter.Order order,
      long asOf,
      DiscNumbers numbers,
      Disc disc) {
    this.file = file;
    this.prefixes = prefixes;
    this.order = order;
    this.asOf = asOf;
    this.numbers = numbers;
    this.disc = disc;
  }

  /** Writes them. @return whether there was any */
  boolean write(CountedOutput to, OdarchiveWriter.Blocks blocks, Task task) throws IOException {
    out = to;
    IOException[] failed = new IOException[1];
    file.call(
        "list contents",
        () -> {
          try {
            if (order == OdarchiveWriter.Order.BY_KEY) {
              byKey(blocks, task);
            } else {
              byPath(blocks, task);
            }
          } catch (IOException e) {
            failed[0] = e;
          }
          return null;
        });
    if (failed[0] != null) {
      throw failed[0];
    }
    return any;
  }

  private void byKey(OdarchiveWriter.Blocks blocks, Task task) throws SQLException, IOException {
    try (PreparedStatement statement =
            disc == null ? file.own(BY_KEY, asOf, asOf) : file.own(OF_DISC, disc.id(), asOf, asOf);
        ResultSet rows = statement.executeQuery()) {
      long last = 0;
      boolean open = false;
      while (rows.next()) {
        task.checkCancelled();
        long content = rows.getLong(1);
        if (content == last) {
          if (open) {
            text.add(",\n");
            name(rows);
          }
          continue;
        }
        if (open) {
          end(last, blocks);
        }
        last = content;
        open = begin(rows);
      }
      if (open) {
        end(last, blocks);
      }
    }
  }

  private void byPath(OdarchiveWriter.Blocks blocks, Task task) throws SQLException, IOException {
    BitSet several = several();
    BitSet done = new BitSet();
    long last = file.number(0, "SELECT max(id) FROM scan");
    Object[] values = asOf == last ? new Object[0] : new Object[] {asOf, asOf};
    try (PreparedStatement statement = file.own(asOf == last ? BY_PATH_NOW : BY_PATH, values);
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        task.checkCancelled();
        int content = (int) rows.getLong(1);
        if (done.get(content)) {
          continue;
        }
        if (!several.get(content)) {
          if (begin(rows)) {
            end(content, blocks);
          }
          continue;
        }
        done.set(content);
        names(content, blocks);
      }
    }
  }

  /** Contents that may have several names: for the others the one that was found is all. */
  private BitSet several() throws SQLException {
    BitSet several = new BitSet();
    try (PreparedStatement statement =
            file.own(
                "SELECT content FROM entry WHERE content IS NOT NULL"
                    + " GROUP BY content HAVING count(*) > 1");
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        several.set((int) rows.getLong(1));
      }
    }
    return several;
  }

  private void names(long content, OdarchiveWriter.Blocks blocks) throws SQLException, IOException {
    try (ResultSet rows = file.prepared(NAMES, content, asOf, asOf).executeQuery()) {
      boolean open = rows.next() && begin(rows);
      while (open && rows.next()) {
        text.add(",\n");
        name(rows);
      }
      if (open) {
        end(content, blocks);
      }
    }
  }

  /** The beginning of a content with its first name; false when it is not wanted. */
  private boolean begin(ResultSet row) throws SQLException, IOException {
    int number = numbers.of(row.getLong(1), row.getLong(3), row.getBoolean(10));
    if (disc != null && number != disc.number()) {
      return false;
    }
    text.clear().add(any ? ",\n" : "\n");
    text.writeTo(out);
    any = true;
    begun = out.count();
    text.clear().add("        \"").hex(row.getBytes(2)).add("\": {\n");
    if (number > 0) {
      text.add("            \"disc_num\": ").number(number - 1, DISC_WIDTH).add(",\n");
    }
    text.add("            \"filenames\": {\n");
    String told = row.getString(8);
    String time = told == null || told.isEmpty() ? OdarchiveWriter.time(row.getLong(7)) : told;
    tail.clear().add("\n            },\n            \"mtime\": ");
    JsonText.add(time.getBytes(StandardCharsets.UTF_8), tail);
    tail.add(",\n            \"size\": ").number(row.getLong(3)).add("\n        }");
    name(row);
    return true;
  }

  private void name(ResultSet row) throws SQLException, IOException {
    long id = row.getLong(9);
    if (id != directoryId) {
      byte[] path = prefixes.on(row.getInt(4), PathKey.path(EntryState.bytes(row, 5)));
      directory.clear();
      JsonText.add(TreeEntry.path(ROOT, path), directory);
      directory.shorten(1);
      directoryId = id;
    }
    text.add("                ").add(directory).add('/');
    JsonText.addInside(EntryState.bytes(row, 6), text);
    text.add("\": null");
    if (text.length() > GATHERED) {
      text.writeTo(out);
      text.clear();
    }
  }

  private void end(long content, OdarchiveWriter.Blocks blocks) throws IOException {
    text.add(tail).writeTo(out);
    text.clear();
    blocks.take(content, (int) (out.count() - begun));
  }
}
