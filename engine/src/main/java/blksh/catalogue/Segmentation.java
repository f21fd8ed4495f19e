package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.NameText;
import blksh.iso.DiscContent;
import blksh.task.Task;
import blksh.tree.Excludes;
import blksh.tree.TreeEntry;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Puts what is on no disc yet onto discs: each thing onto the first on which it fits. Directories
 * go as a whole where they can, or else files that are large come first, the largest before the
 * others, so that small ones fill what is left. The same files and options come to the same plan.
 *
 * <p>A content is on one disc; all its names go with it as long as there is room for them, and
 * later ones refer to it. A disc has a line of everything that is on it and of the directories
 * above.
 */
final class Segmentation {

  /** A file that takes more than this part of a disc is large. */
  private static final int LARGE = 64;

  /** A content that a written disc has. */
  private static final int FIXED = -1;

  /** That a content comes onto no disc of this plan. */
  static final int LEFT_OUT = -2;

  private final CatalogueFile file;
  private final SegmentOptions options;
  private final Task task;
  private final DirectoryLevels levels;
  private final SourcePrefixes prefixes;
  private final Spanning spanning;
  private final DiscCargo cargo;
  private final CatalogueLength length;
  private final DiscFill.Places places;
  private final Rows rows;
  private final long capacity;
  private final List<DiscFill> discs = new ArrayList<>();

  /** Of each content the disc it is on, {@link #FIXED}, {@link #LEFT_OUT}, or 0. */
  private final int[] contentDisc;

  private final BitSet leftOut = new BitSet();

  private final BitSet placed = new BitSet();

  private final BitSet fixedEntries;
  private long lowest;

  /** Discs that are written already. */
  private final int before;

  /** Makes a disc in the database, and notes what is on it. */
  interface Rows {
    long disc(int number) throws SQLException;

    void place(long disc, long entry) throws SQLException;

    void part(PartRow part) throws SQLException;
  }

  Segmentation(
      Catalogue catalogue,
      SegmentOptions options,
      DiscCargo cargo,
      CatalogueLength length,
      int[] contentDisc,
      BitSet fixedEntries,
      int before,
      Rows rows,
      Task task) {
    this.file = catalogue.file();
    this.options = options;
    this.prefixes = catalogue.prefixes();
    this.spanning = new Spanning(file, options, cargo);
    this.levels = new DirectoryLevels(file, prefixes);
    this.cargo = cargo;
    this.length = length;
    this.contentDisc = contentDisc;
    this.fixedEntries = fixedEntries;
    this.rows = rows;
    this.task = task;
    this.capacity = options.capacity();
    this.before = before;
    this.places =
        (disc, entry) -> {
          if (entry.id() > 0) {
            placed.set((int) entry.id());
            rows.place(disc.row(), entry.id());
          }
        };
  }

  List<DiscFill> discs() {
    return discs;
  }

  /**
   * Contents that would have to be in parts, and may not: of a part nobody knows the digest, so it
   * is written only when its file is the very one that was scanned, and of no name of theirs that
   * can be told.
   */
  BitSet leftOut() {
    return leftOut;
  }

  /** Sectors that all contents and files take, wherever they are. */
  long lowest() {
    return lowest;
  }

  /** An entry that is to be placed, with its contents' digest. */
  private record Row(EntryState entry, long contentSize, byte[] sha256) {}

  /** Takes rows in the order of a walk. */
  private interface RowVisitor {
    void take(Row row) throws SQLException;
  }

  private static final String FROM =
      " FROM source s CROSS JOIN directory d ON d.source = s.id CROSS JOIN entry e"
          + " ON e.directory = d.id LEFT JOIN content c ON c.id = e.content"
          + " WHERE s.imported = 0 AND e.gone IS NULL";

  private void walk(String more, String order, RowVisitor visitor) throws SQLException {
    try (PreparedStatement statement =
            file.own("SELECT " + EntryState.COLUMNS + ", c.size, c.sha256" + FROM + more + order);
        ResultSet result = statement.executeQuery()) {
      while (result.next()) {
        task.checkCancelled();
        EntryState entry = EntryState.of(result);
        if (!fixedEntries.get((int) entry.id()) && !placed.get((int) entry.id())) {
          visitor.take(
              new Row(
                  entry,
                  result.getLong(EntryState.WIDTH + 1),
                  result.getBytes(EntryState.WIDTH + 2)));
        }
      }
    }
  }

  private static final String IN_ORDER = " ORDER BY s.id, d.path, e.name";

  /** To be used within a call of the file. */
  void run() throws SQLException {
    for (String pattern : options.first()) {
      Excludes wanted = Excludes.NONE.with(List.of(pattern));
      walk(
          " AND e.type = 0",
          IN_ORDER,
          row -> {
            DirectoryLevel level = levels.of(row.entry.directory());
            byte[] path = DirectoryLevels.path(level, row.entry.name());
            if (wanted.fits(path, false)) {
              file(row, -1);
            }
          });
    }
    if (options.keepDirectoriesTogether()) {
      together();
    } else {
      walk(
          " AND e.type = 0 AND c.size > " + capacity / LARGE,
          " ORDER BY c.size DESC, s.id, d.path, e.name",
          row -> file(row, -1));
      walk(" AND e.name <> '' AND e.type <> 1", IN_ORDER, row -> one(row, -1));
    }
    rest();
  }

  /** What only has a line: directories that nothing is in, and new names of old contents. */
  private void rest() throws SQLException {
    boolean none = discs.isEmpty() && before == 0;
    walk(
        "",
        IN_ORDER,
        row -> {
          if (discs.isEmpty() && !none) {
            return;
          }
          if (row.entry.isDirectory()) {
            byte[] name = row.entry.name();
            long id = name.length == 0 ? row.entry.directory() : child(row.entry.directory(), name);
            if (id != 0) {
              first(DiscItem.directory(levels.of(id)), 0, -1);
            }
          } else if (row.entry.content() != 0 && contentDisc[(int) row.entry.content()] != 0) {
            reference(row);
          }
        });
  }

  /** The number of a directory in another; it has one as soon as it was entered. */
  private long child(long parent, byte[] name) throws SQLException {
    byte[] path;
    long source;
    try (ResultSet result =
        file.prepared("SELECT source, path FROM directory WHERE id = ?", parent).executeQuery()) {
      result.next();
      source = result.getLong(1);
      path = PathKey.path(EntryState.bytes(result, 2));
    }
    byte[] key = PathKey.of(TreeEntry.path(path, name));
    return file.number(0, "SELECT id FROM directory WHERE source = ? AND path = ?", source, key);
  }

  // ---- directories that stay together ---------------------------------------------------------

  /** A directory of the walk. @param home the disc all of it goes to, or -1 */
  private record Frame(long id, DirectoryLevel level, int home, int filesHome) {}

  private void together() throws SQLException {
    SubtreeSectors sizes = new SubtreeSectors(file, contentDisc, task);
    List<Frame> stack = new ArrayList<>();
    walk(
        " AND e.name <> '' AND e.type <> 1",
        IN_ORDER,
        row -> {
          DirectoryLevel level = levels.of(row.entry.directory());
          Frame frame = enter(stack, level, sizes);
          one(row, frame.home >= 0 ? frame.home : frame.filesHome);
        });
  }

  private Frame enter(List<Frame> stack, DirectoryLevel level, SubtreeSectors sizes)
      throws SQLException {
    List<DirectoryLevel> chain = new ArrayList<>();
    for (DirectoryLevel each = level; each != null; each = each.above()) {
      chain.add(0, each);
    }
    int same = 0;
    while (same < stack.size()
        && same < chain.size()
        && stack.get(same).id == chain.get(same).id()) {
      same++;
    }
    while (stack.size() > same) {
      stack.remove(stack.size() - 1);
    }
    for (int i = same; i < chain.size(); i++) {
      int home = i > 0 ? stack.get(i - 1).home : -1;
      int filesHome = -1;
      if (home < 0) {
        home = homeFor(sizes.below(chain.get(i).id()));
      }
      if (home < 0) {
        filesHome = homeFor(sizes.in(chain.get(i).id()));
      }
      stack.add(new Frame(chain.get(i).id(), chain.get(i), home, filesHome));
    }
    return stack.get(stack.size() - 1);
  }

  /** The first disc with room for about so many sectors, a new one if need be; -1 for none. */
  private int homeFor(long sectors) throws SQLException {
    if (sectors == 0) {
      return -1;
    }
    for (int i = 0; i < discs.size(); i++) {
      if (discs.get(i).mayBeFree() - 32 >= sectors) {
        return i;
      }
    }
    DiscFill empty = new DiscFill(0, 0, capacity, cargo, (disc, entry) -> {});
    if (empty.mayBeFree() - 32 < sectors) {
      return -1;
    }
    return discs.size(); // which is opened with the first that goes to it
  }

  private DiscFill open() throws SQLException {
    int number = before + discs.size() + 1;
    DiscFill disc = new DiscFill(number, rows.disc(number), capacity, cargo, places);
    if (!disc.isWithin()) {
      throw new BlkshException(
              "plan discs of " + capacity + " bytes",
              "what every disc carries takes %d bytes".formatted(disc.imageBytes()))
          .suggest("take larger discs");
    }
    discs.add(disc);
    return disc;
  }

  // ---- single entries -------------------------------------------------------------------------

  private void one(Row row, int home) throws SQLException {
    if (row.entry.isRegular()) {
      file(row, home);
    } else {
      EntryState entry = row.entry;
      DirectoryLevel level = levels.of(entry.directory());
      byte[] path = DirectoryLevels.path(level, entry.name());
      int line = line(entry, new TreeLine.Place(path, null, null, null, null, null));
      byte[] name = DiscLayout.isOnDisc(entry) ? entry.name() : null;
      require(first(new DiscItem(level, entry, name, 0, 0, line, 0, 0), 0, home), path);
    }
  }

  private static int line(EntryState entry, TreeLine.Place place) {
    return TreeLine.of(entry, place).length;
  }

  private void require(DiscFill disc, byte[] path) {
    if (disc == null) {
      throw new BlkshException(
              "plan discs of " + capacity + " bytes", NameText.of(path) + " does not fit on one")
          .suggest("take larger discs");
    }
  }

  /** Puts something on its home or the first disc it fits on; null when it fits on none. */
  private DiscFill first(DiscItem item, long length, int home) throws SQLException {
    if (home == discs.size()) {
      open();
    }
    if (home >= 0 && discs.get(home).add(item, length)) {
      return discs.get(home);
    }
    for (DiscFill each : discs) {
      if (each.add(item, length)) {
        return each;
      }
    }
    DiscFill empty = new DiscFill(0, 0, capacity, cargo, (disc, entry) -> {});
    if (!empty.add(item, length)) {
      return null;
    }
    DiscFill disc = open();
    return disc.add(item, length) ? disc : null;
  }

  private void file(Row row, int home) throws SQLException {
    EntryState entry = row.entry;
    DirectoryLevel level = levels.of(entry.directory());
    byte[] path = DirectoryLevels.path(level, entry.name());
    if (entry.content() == 0 || row.sha256 == null) {
      task.finding(NameText.of(path) + ": it was not read, and comes onto no disc");
      placed.set((int) entry.id());
      return;
    }
    int content = (int) entry.content();
    if (row.contentSize == 0) {
      PartRow none = new PartRow(0, content, 1, 1, 0, 0, null, 0);
      require(first(item(row, level, path, none, 0, 0), 0, home), path);
      lowest++;
      return;
    }
    int there = contentDisc[content];
    if (there == FIXED) {
      return; // a line of it comes last, if there are discs at all
    }
    if (there == LEFT_OUT) {
      placed.set((int) entry.id());
      return;
    }
    if (there > 0) {
      name(row, level, path, discs.get(there - 1));
      return;
    }
    if (row.contentSize > DiscContent.LARGEST) {
      span(row);
      return;
    }
    PartRow whole = new PartRow(0, content, 1, 1, 0, row.contentSize, null, 0);
    long sectors = DiscCargo.sectors(row.contentSize);
    DiscItem item = item(row, level, path, whole, sectors, length.block(content));
    DiscFill disc = first(item, row.contentSize, home);
    if (disc == null) {
      span(row);
      return;
    }
    lowest += sectors + 1;
    contentDisc[content] = disc.number() - before;
    rows.part(whole.on(disc.row()));
  }

  private DiscItem item(
      Row row, DirectoryLevel level, byte[] path, PartRow part, long sectors, int own)
      throws SQLException {
    byte[] name = part.name(row.entry.name());
    byte[] sha256 = row.sha256;
    TreeLine.Place place =
        new TreeLine.Place(
            path, HardLinkNames.first(file, prefixes, row.entry), sha256, part, null, null);
    byte[] onDisc = DiscEntries.onDisc(DirectoryLevels.path(level, name));
    return new DiscItem(
        level,
        row.entry,
        name,
        part.length(),
        sectors,
        line(row.entry, place),
        SumLine.of(sha256, onDisc).length,
        own);
  }

  /** Another name of a content that is on a disc of this plan. */
  private void name(Row row, DirectoryLevel level, byte[] path, DiscFill disc) throws SQLException {
    List<PartRow> parts = PartTable.ofContent(file, row.entry.content(), disc.row());
    if (parts.size() == 1 && parts.get(0).parts() == 1) {
      if (disc.add(item(row, level, path, parts.get(0), 0, 0), 0)) {
        lowest++;
      }
    }
    // What found no room there refers to it, once all names that have one are known.
  }

  private void reference(Row row) throws SQLException {
    DirectoryLevel level = levels.of(row.entry.directory());
    byte[] path = DirectoryLevels.path(level, row.entry.name());
    TreeLine.Place place = PartTable.reference(file, prefixes, row.entry, path, row.sha256);
    require(
        first(new DiscItem(level, row.entry, null, 0, 0, line(row.entry, place), 0, 0), 0, -1),
        path);
  }

  // ---- files larger than a disc ---------------------------------------------------------------

  /** The first name of a content; its others refer to it. */
  private void span(Row row) throws SQLException {
    try (PreparedStatement statement =
            file.own(
                "SELECT " + EntryState.COLUMNS + FROM + " AND c.id = ?" + IN_ORDER + " LIMIT 1",
                row.entry.content());
        ResultSet result = statement.executeQuery()) {
      result.next();
      EntryState first = EntryState.of(result);
      DirectoryLevel level = levels.of(first.directory());
      span(
          new Row(first, row.contentSize, row.sha256),
          level,
          DirectoryLevels.path(level, first.name()));
    }
  }

  private void span(Row row, DirectoryLevel level, byte[] path) throws SQLException {
    spanning.requireAllowed(path, row.contentSize);
    int content = (int) row.entry.content();
    if (!EntryState.isAnySettled(file, content)) {
      task.finding(
          NameText.of(path)
              + ": it does not fit on one disc, and changed, or may have, while it was scanned;"
              + " it comes onto no disc until a scan finds it at rest");
      leftOut.set(content);
      contentDisc[content] = LEFT_OUT;
      placed.set((int) row.entry.id());
      return;
    }
    PartRow widest = Spanning.widest(content, row.contentSize);
    DiscItem item = item(row, level, path, widest, 0, length.block(content));
    for (PartRow part : spanning.parts(row.entry, row.contentSize, path, item)) {
      boolean isFirst = part.number() == 1;
      long sectors = DiscCargo.sectors(part.length());
      DiscFill disc =
          first(
              item(row, level, path, part, sectors, isFirst ? length.block(content) : 0),
              part.length(),
              -1);
      require(disc, path);
      lowest += sectors + 1;
      if (isFirst) {
        contentDisc[content] = disc.number() - before;
      }
      rows.part(part.on(disc.row()));
    }
  }
}
