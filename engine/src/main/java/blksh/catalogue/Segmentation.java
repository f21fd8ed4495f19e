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
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
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
  private final DiscRows rows;
  private final EntryWalk entries;
  private final long capacity;
  private final List<DiscFill> discs = new ArrayList<>();

  /** What directories take; null when they need not stay together. */
  private final SubtreeSectors sizes;

  /** Contents that are in parts on discs of this plan. */
  private final BitSet inParts = new BitSet();

  /** Of each content the disc it is on, {@link #FIXED}, {@link #LEFT_OUT}, or 0. */
  private final int[] contentDisc;

  private final BitSet leftOut = new BitSet();

  private final BitSet placed = new BitSet();

  private final BitSet fixedEntries;
  private long lowest;

  private final Assignments assignments;
  private final DiscItems items;

  /** What is put onto its disc by hand; null when nothing is. */
  private Assignment assigned;

  /** Discs that are written already. */
  private final int before;

  Segmentation(
      Catalogue catalogue,
      SegmentOptions options,
      DiscCargo cargo,
      CatalogueLength length,
      int[] contentDisc,
      SubtreeSectors sizes,
      BitSet fixedEntries,
      int before,
      DiscRows rows,
      Task task) {
    this.file = catalogue.file();
    this.options = options;
    this.prefixes = catalogue.prefixes();
    this.spanning = new Spanning(file, options, cargo);
    this.levels = new DirectoryLevels(file, prefixes);
    this.assignments = new Assignments(catalogue);
    this.items = new DiscItems(file, prefixes);
    this.cargo = cargo;
    this.length = length;
    this.contentDisc = contentDisc;
    this.fixedEntries = fixedEntries;
    this.rows = rows;
    this.sizes = sizes;
    this.entries = new EntryWalk(file, task);
    this.task = task;
    this.capacity = options.plainCapacity();
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

  /**
   * On which disc of the set a content comes, 1 for the first; 0 when it comes on none that is
   * planned. Known once it has {@link #run}.
   */
  int discOf(long content) {
    int disc = content < contentDisc.length ? contentDisc[(int) content] : 0;
    return disc > 0 ? before + disc : 0;
  }

  private void walk(String more, String order, EntryWalk.Visitor visitor) throws SQLException {
    BitSet without = (BitSet) fixedEntries.clone();
    without.or(placed);
    entries.walk(
        more,
        order,
        without,
        row -> {
          if (!placed.get((int) row.entry().id())) {
            visitor.take(row);
          }
        });
  }

  /** Puts all contents onto discs. To be used within a call of the file. */
  void run() throws SQLException {
    byHand();
    for (String pattern : options.first()) {
      Excludes wanted = Excludes.NONE.with(List.of(pattern));
      walk(
          " AND e.type = 0",
          EntryWalk.IN_ORDER,
          row -> {
            DirectoryLevel level = levels.of(row.entry().directory());
            byte[] path = DirectoryLevels.path(level, row.entry().name());
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
      walk(" AND e.name <> '' AND e.type <> 1", EntryWalk.IN_ORDER, row -> one(row, -1));
    }
    Assignments.requireUsed(discs);
  }

  /**
   * Puts onto discs what only has a line: directories that nothing is in, and new names of old
   * contents. To be used within a call of the file, after {@link #run}.
   */
  void rest() throws SQLException {
    rows.flush();
    boolean none = discs.isEmpty() && before == 0;
    if (!discs.isEmpty() || none) {
      long[] left = left();
      for (long each : left) {
        if (!placed.get((int) each) && (!discs.isEmpty() || none)) {
          task.checkCancelled();
          rest(EntryWalk.one(file, each));
        }
      }
    }
    rows.flush();
  }

  private void rest(EntryWalk.Row row) throws SQLException {
    EntryState entry = row.entry();
    if (entry.isDirectory()) {
      byte[] name = entry.name();
      long id = name.length == 0 ? entry.directory() : child(entry.directory(), name);
      if (id != 0) {
        first(DiscItem.directory(levels.of(id)), 0, -1);
      }
    } else if (entry.content() != 0 && contentDisc[(int) entry.content()] != 0) {
      reference(row);
    }
  }

  /** What is on no disc yet, in the order of a walk. */
  private long[] left() throws SQLException {
    long[] left = new long[64];
    int count = 0;
    String sql =
        "SELECT e.id FROM source s CROSS JOIN directory d ON d.source = s.id CROSS JOIN entry e"
            + " ON e.directory = d.id WHERE s.imported = 0 AND e.gone IS NULL"
            + EntryWalk.IN_ORDER;
    try (PreparedStatement statement = file.own(sql);
        ResultSet ids = statement.executeQuery()) {
      while (ids.next()) {
        long id = ids.getLong(1);
        if (!placed.get((int) id) && !fixedEntries.get((int) id)) {
          left = count == left.length ? Arrays.copyOf(left, 2 * count) : left;
          left[count++] = id;
        }
      }
    }
    return Arrays.copyOf(left, count);
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

  /**
   * What was put onto discs by hand, which takes all of it or is refused: of what is below several
   * paths the longest counts, so that comes first.
   */
  private void byHand() throws SQLException {
    List<Assignment> all = new ArrayList<>(Assignments.all(file));
    all.removeIf(each -> each.disc() <= before); // that disc is written
    all.sort(Comparator.comparingInt(each -> -each.path().length));
    for (Assignment each : all) {
      while (discs.size() < each.disc() - before) {
        open();
      }
    }
    for (Assignment each : all) {
      String rows = assignments.rows(each.path());
      long[] taken = new long[1];
      assigned = each;
      if (rows != null) {
        walk(
            rows + " AND e.name <> '' AND e.type <> 1",
            EntryWalk.IN_ORDER,
            row -> {
              int content = (int) row.entry().content();
              taken[0] += contentDisc[content] == FIXED ? 0 : 1;
              one(row, each.disc() - before - 1);
            });
      }
      assigned = null;
      if (taken[0] == 0) {
        task.finding(
            "%s is to be on disc %d, and nothing of it is left to be put there"
                .formatted(each.text(), each.disc()));
      }
    }
  }

  private void together() throws SQLException {
    DirectoryHomes homes = new DirectoryHomes(sizes, this::homeFor);
    walk(
        " AND e.name <> '' AND e.type <> 1",
        EntryWalk.IN_ORDER,
        row -> one(row, homes.of(levels.of(row.entry().directory()))));
  }

  /** The first disc with room for about so many sectors, a new one if need be; -1 for none. */
  private int homeFor(long sectors) {
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

  private void one(EntryWalk.Row row, int home) throws SQLException {
    if (row.entry().isRegular()) {
      file(row, home);
    } else {
      EntryState entry = row.entry();
      DirectoryLevel level = levels.of(entry.directory());
      byte[] path = DirectoryLevels.path(level, entry.name());
      require(first(items.other(entry, level, path), 0, home), path);
    }
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
    return first(item, length, home, null);
  }

  /** As above. @param but a disc it does not come onto; null for none */
  private DiscFill first(DiscItem item, long length, int home, DiscFill but) throws SQLException {
    if (assigned != null) {
      DiscFill disc = discs.get(assigned.disc() - before - 1);
      if (!disc.add(item, length)) {
        throw Assignments.noRoom(assigned, item, length, disc);
      }
      return disc;
    }
    if (home == discs.size()) {
      open();
    }
    if (home >= 0 && discs.get(home).add(item, length)) {
      return discs.get(home);
    }
    for (DiscFill each : discs) {
      if (each != but && each.add(item, length)) {
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

  private void file(EntryWalk.Row row, int home) throws SQLException {
    EntryState entry = row.entry();
    DirectoryLevel level = levels.of(entry.directory());
    byte[] path = DirectoryLevels.path(level, entry.name());
    if (entry.content() == 0 || row.sha256() == null) {
      task.finding(NameText.of(path) + ": it was not read, and comes onto no disc");
      placed.set((int) entry.id());
      return;
    }
    int content = (int) entry.content();
    if (row.contentSize() == 0) {
      PartRow none = new PartRow(0, content, 1, 1, 0, 0, null, 0);
      require(first(items.file(row, level, path, none, 0, 0), 0, home), path);
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
    if (row.contentSize() > DiscContent.LARGEST) {
      span(row);
      return;
    }
    PartRow whole = new PartRow(0, content, 1, 1, 0, row.contentSize(), null, 0);
    long sectors = DiscCargo.sectors(row.contentSize());
    DiscItem item = items.file(row, level, path, whole, sectors, length.block(content));
    DiscFill disc = first(item, row.contentSize(), home);
    if (disc == null) {
      span(row);
      return;
    }
    lowest += sectors + 1;
    contentDisc[content] = disc.number() - before;
    rows.content(disc.row(), content);
  }

  /** Another name of a content that is on a disc of this plan. */
  private void name(EntryWalk.Row row, DirectoryLevel level, byte[] path, DiscFill disc)
      throws SQLException {
    long content = row.entry().content();
    if (!inParts.get((int) content)) {
      PartRow whole = new PartRow(disc.row(), content, 1, 1, 0, row.contentSize(), null, 0);
      if (disc.add(items.file(row, level, path, whole, 0, 0), 0)) {
        lowest++;
      }
    }
    // What found no room there refers to it, once all names that have one are known.
  }

  private void reference(EntryWalk.Row row) throws SQLException {
    DirectoryLevel level = levels.of(row.entry().directory());
    byte[] path = DirectoryLevels.path(level, row.entry().name());
    int content = (int) row.entry().content();
    int there = contentDisc[content];
    // A disc that has all of a content has every name there that it tells of as a file.
    DiscFill its = there > 0 && !inParts.get(content) ? discs.get(there - 1) : null;
    require(first(items.reference(row, level, path), 0, -1, its), path);
  }

  // ---- files larger than a disc ---------------------------------------------------------------

  /** The first name of a content; its others refer to it. */
  private void span(EntryWalk.Row row) throws SQLException {
    EntryState first = spanning.first(row.entry().content());
    DirectoryLevel level = levels.of(first.directory());
    byte[] path = DirectoryLevels.path(level, first.name());
    span(new EntryWalk.Row(first, row.contentSize(), row.sha256()), level, path);
  }

  private void span(EntryWalk.Row row, DirectoryLevel level, byte[] path) throws SQLException {
    spanning.requireAllowed(path, row.contentSize());
    int content = (int) row.entry().content();
    if (!EntryState.isAnySettled(file, content)) {
      task.finding(
          NameText.of(path)
              + ": it does not fit on one disc, and changed, or may have, while it was scanned;"
              + " it comes onto no disc until a scan finds it at rest");
      leftOut.set(content);
      contentDisc[content] = LEFT_OUT;
      placed.set((int) row.entry().id());
      return;
    }
    PartRow widest = Spanning.widest(content, row.contentSize());
    DiscItem item = items.file(row, level, path, widest, 0, length.block(content));
    for (PartRow part : spanning.parts(row.entry(), row.contentSize(), path, item)) {
      boolean isFirst = part.number() == 1;
      long sectors = DiscCargo.sectors(part.length());
      DiscFill disc =
          first(
              items.file(row, level, path, part, sectors, isFirst ? length.block(content) : 0),
              part.length(),
              -1);
      require(disc, path);
      lowest += sectors + 1;
      if (isFirst) {
        contentDisc[content] = disc.number() - before;
        inParts.set(content);
      }
      rows.part(part.on(disc.row()));
    }
  }
}
