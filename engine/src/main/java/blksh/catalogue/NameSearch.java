package blksh.catalogue;

import blksh.io.FileType;
import blksh.io.NameText;
import blksh.task.Task;
import blksh.tree.Excludes;
import blksh.tree.TreeEntry;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Looks for entries by name. An index of all runs of three characters finds the names that a
 * pattern can fit, or that of names those that begin so; the pattern itself decides.
 */
final class NameSearch {

  private static final String INDEXED = "indexed";

  /** Names that are put into the index in one transaction. */
  private static final int PIECE = 100_000;

  private static final String ENTRIES = "entry e";

  /** Runs of three characters that are asked for: more do not narrow it. */
  private static final int MOST_RUNS = 8;

  private final CatalogueFile file;
  private final Map<Long, CatalogueSource> sources = new TreeMap<>();

  NameSearch(CatalogueFile file, List<CatalogueSource> sources) {
    this.file = file;
    sources.forEach(each -> this.sources.put((long) each.id(), each));
  }

  /** Takes what was found; says whether more is wanted. */
  interface Visitor extends Predicate<CatalogueEntry> {}

  /** Brings the index up to date. */
  static void index(CatalogueFile file, Task task) {
    long last = Long.parseLong(file.fact(INDEXED) == null ? "0" : file.fact(INDEXED));
    long end = file.call("look", () -> file.number(0, "SELECT max(id) FROM entry"));
    while (last < end) {
      task.checkCancelled();
      long from = last;
      long to = Math.min(end, last + PIECE);
      file.whole(
          "index names",
          () -> {
            file.execute(
                "INSERT INTO search (rowid, name) SELECT id, name FROM entry WHERE id > ? AND id <= ?",
                from,
                to);
            file.fact(INDEXED, Long.toString(to));
            return null;
          });
      last = to;
    }
  }

  /** Whether the index has all names: a scan that was broken off did not come to it. */
  private boolean isIndexed() {
    String last = file.fact(INDEXED);
    long end = file.call("look", () -> file.number(0, "SELECT max(id) FROM entry"));
    return (last == null ? 0 : Long.parseLong(last)) >= end;
  }

  /** Entries that are there now and fit a pattern of {@link Excludes}. */
  void find(String pattern, Visitor visitor) {
    Excludes wanted = Excludes.NONE.with(List.of(pattern));
    if (wanted.isEmpty()) {
      throw new IllegalArgumentException("the pattern \"" + pattern + "\" fits nothing");
    }
    String runs = isIndexed() ? runs(pattern) : null;
    String from = runs == null ? ENTRIES : "search CROSS JOIN entry e ON e.id = search.rowid";
    String sql = "SELECT " + columns(from) + " WHERE e.gone IS NULL AND e.name <> ''";
    List<Object> values = new ArrayList<>();
    if (runs != null) {
      sql += " AND search MATCH ?";
      values.add(runs);
    } else {
      // Too little for the index of runs: that of names finds how they begin.
      byte[] begin = beginning(pattern);
      if (begin.length > 0) {
        sql += " AND e.name >= CAST(? AS TEXT) AND e.name < CAST(? AS TEXT)";
        values.add(begin);
        values.add(behind(begin));
      }
    }
    look(
        sql,
        values.toArray(),
        found ->
            !wanted.fits(found.path(), found.type() == FileType.DIRECTORY) || visitor.test(found));
  }

  /** Entries of exactly one name, or of one path from a source on. */
  void which(byte[] path, Visitor visitor) {
    int slash = path.length;
    while (slash > 0 && path[slash - 1] != '/') {
      slash--;
    }
    byte[] name = Arrays.copyOfRange(path, slash, path.length);
    byte[] end = slash == 0 ? null : path;
    look(
        "SELECT " + columns(ENTRIES) + " WHERE e.name = CAST(? AS TEXT) AND e.gone IS NULL",
        new Object[] {name},
        found -> end != null && !endsWith(found.path(), end) || visitor.test(found));
  }

  /** Whether a path ends with the steps of another. */
  private static boolean endsWith(byte[] path, byte[] end) {
    int from = end.length > 0 && end[0] == '/' ? 1 : 0;
    int length = end.length - from;
    int at = path.length - length;
    return at >= 0
        && Arrays.equals(path, at, path.length, end, from, end.length)
        && (at == 0 || path[at - 1] == '/');
  }

  private static String columns(String from) {
    return EntryState.COLUMNS
        + ", d.source, d.path, c.sha512 FROM "
        + from
        + " JOIN directory d ON d.id = e.directory"
        + " LEFT JOIN content c ON c.id = e.content";
  }

  /** The rows of a query by {@link #columns}; each is read while nobody else waits for long. */
  private void look(String sql, Object[] values, Visitor visitor) {
    file.call(
        "look for names",
        () -> {
          try (PreparedStatement statement = file.own(sql, values);
              ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              if (!visitor.test(entry(rows))) {
                return null;
              }
            }
          }
          return null;
        });
  }

  private CatalogueEntry entry(ResultSet row) throws SQLException {
    EntryState state = EntryState.of(row);
    byte[] directory = PathKey.path(EntryState.bytes(row, EntryState.WIDTH + 2));
    byte[] sha512 = row.getBytes(EntryState.WIDTH + 3);
    return new CatalogueEntry(
        TreeEntry.path(directory, state.name()),
        sources.get(row.getLong(EntryState.WIDTH + 1)),
        state.type(),
        state.size(),
        state.mtime(),
        state.mtimeNanos(),
        state.told(),
        sha512 == null ? null : HexFormat.of().formatHex(sha512),
        discs(state.content()));
  }

  /** The discs that have a content, not those it is only planned for; damaged ones come last. */
  private List<String> discs(long content) throws SQLException {
    List<String> discs = new ArrayList<>();
    if (content != 0) {
      try (ResultSet rows =
          file.prepared(
                  """
                  SELECT d.name FROM part p JOIN disc d ON d.id = p.disc
                  JOIN disc_set s ON s.id = d.disc_set
                  WHERE p.content = ? AND (d.written IS NOT NULL OR s.imported = 1)
                  GROUP BY d.id ORDER BY max(p.missing OR %s), d.disc_set, d.number"""
                      .formatted(LostContents.OF_PART),
                  content)
              .executeQuery()) {
        while (rows.next()) {
          discs.add(rows.getString(1));
        }
      }
    }
    return discs;
  }

  /**
   * What the index is asked for: all runs of three characters that every name which fits has; null
   * when there are none.
   */
  static String runs(String pattern) {
    String last = lastStep(pattern);
    TreeSet<String> runs = new TreeSet<>();
    StringBuilder literal = new StringBuilder();
    for (int i = 0; i <= last.length(); i++) {
      char each = i < last.length() ? last.charAt(i) : '*';
      if (each == '[') {
        // What a bracket takes is one of several; where it ends is for the pattern to say.
        add(literal, runs);
        break;
      }
      if (each == '*' || each == '?') {
        add(literal, runs);
      } else if (each == '\\') {
        add(literal, runs);
        i++;
      } else {
        literal.append(each);
      }
    }
    List<String> asked = new ArrayList<>(runs);
    asked = asked.subList(0, Math.min(MOST_RUNS, asked.size()));
    return asked.isEmpty() ? null : String.join(" AND ", asked);
  }

  /** How every name begins that fits; empty when that can be anything. */
  static byte[] beginning(String pattern) {
    String last = lastStep(pattern);
    StringBuilder literal = new StringBuilder();
    for (int i = 0; i < last.length() && "*?[".indexOf(last.charAt(i)) < 0; i++) {
      if (last.charAt(i) == '\\') {
        break; // what stands for itself is for the pattern to say
      }
      literal.append(last.charAt(i));
    }
    return literal.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** The first name behind all that begin so: UTF-8 has no byte of 255. */
  private static byte[] behind(byte[] begin) {
    byte[] behind = begin.clone();
    behind[behind.length - 1]++;
    return behind;
  }

  private static String lastStep(String pattern) {
    String last = pattern.startsWith("!") ? "" : pattern;
    while (last.endsWith("/")) {
      last = last.substring(0, last.length() - 1);
    }
    return last.substring(last.lastIndexOf('/') + 1);
  }

  private static void add(StringBuilder literal, TreeSet<String> runs) {
    int[] points = literal.codePoints().toArray();
    for (int i = 0; i + 3 <= points.length; i++) {
      runs.add('"' + new String(points, i, 3).replace("\"", "\"\"") + '"');
    }
    literal.setLength(0);
  }

  /** A name as somebody typed it. */
  static byte[] typed(String text) {
    String path = text;
    while (path.endsWith("/") && path.length() > 1) {
      path = path.substring(0, path.length() - 1);
    }
    return path.contains("\\") ? NameText.name(path) : path.getBytes(StandardCharsets.UTF_8);
  }
}
