package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.NameText;
import blksh.parity.ReedSolomon;
import blksh.task.Task;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * Plans a set of discs, or goes on with one: what is on a written disc stays there, and what was
 * only planned is planned anew. The plan is there as a whole, or not at all.
 */
final class DiscPlanning {

  /** How often a plan is made for a compressed catalogue that came out longer than thought. */
  private static final int TRIES = 4;

  /** What discs of a set that was written here have as it should be. */
  private static final String WRITTEN_PARTS =
      """
       FROM part p JOIN disc d ON d.id = p.disc
      WHERE d.written IS NOT NULL AND d.disc_set = ? AND p.missing = 0"""
          + " AND NOT "
          + LostContents.OF_PART;

  /** Of contents in parts those that have all, of one way to divide them. */
  private static final String WHOLE_OF_PARTS =
      """
       AND p.parts > 1
      GROUP BY d.disc_set, p.content, p.parts,
        CASE WHEN p.number = 1 THEN p.length ELSE p.start / (p.number - 1) END
      HAVING count(DISTINCT p.number) = p.parts""";

  /** Entries that written discs tell of; it is their contents that make them fixed. */
  private static final String TOLD_OF =
      """
      SELECT p.entry, e.content, c.size FROM place p JOIN disc d ON d.id = p.disc
      JOIN entry e ON e.id = p.entry LEFT JOIN content c ON c.id = e.content
      WHERE d.written IS NOT NULL AND d.disc_set = ? AND p.missing = 0"""
          + " AND NOT "
          + LostContents.OF_PLACE;

  private final Catalogue catalogue;
  private final CatalogueFile file;
  private final SegmentOptions options;
  private final Task task;
  private long asOf;
  private long set;
  private int before;
  private int[] fixedContents;
  private BitSet fixedEntries;

  DiscPlanning(Catalogue catalogue, SegmentOptions options, Task task) {
    this.catalogue = catalogue;
    this.file = catalogue.file();
    this.options = options;
    this.task = task;
  }

  /** Takes a plan back that was only to be told. */
  private static final class Told extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final transient DiscSet plan;

    Told(DiscSet plan) {
      super(null, null, false, false);
      this.plan = plan;
    }
  }

  /** What is changed before it is planned, as part of that: all of it is there then, or nothing. */
  interface Change {
    void make() throws SQLException;
  }

  DiscSet run(boolean dryRun) {
    return run(dryRun, () -> {});
  }

  DiscSet run(boolean dryRun, Change change) {
    task.phase("planning");
    DiscSetTable.settle(file);
    file.call("look at the scans", this::tellOfScans);
    asOf = catalogue.asOf();
    try {
      return file.whole(
          "plan discs",
          () -> {
            change.make();
            plan();
            DiscSet plan = DiscSet.current(file);
            if (dryRun) {
              throw new Told(plan);
            }
            return plan;
          });
    } catch (Told told) {
      return told.plan;
    }
  }

  /** Says what the last scans did not come to: it is in no plan. */
  private Void tellOfScans() throws SQLException {
    try (ResultSet rows =
        file.prepared(
                """
                SELECT s.root, c.ended IS NULL, c.problems FROM source s
                LEFT JOIN scan c ON c.id = (SELECT max(id) FROM scan WHERE source = s.id)
                WHERE s.imported = 0 ORDER BY s.id""")
            .executeQuery()) {
      while (rows.next()) {
        String root = NameText.of(rows.getBytes(1));
        if (rows.getBoolean(2)) {
          task.finding(
              root
                  + ": its last scan was broken off; what that did not come to is on no disc:"
                  + " scan it again");
        } else if (rows.getLong(3) > 0) {
          task.finding(
              "%s: %d things were not as they should be when it was scanned last; what was not read"
                      .formatted(root, rows.getLong(3))
                  + " then is on no disc");
        }
      }
    }
    return null;
  }

  private void plan() throws SQLException {
    long current = lastBegun();
    boolean goesOn = current != 0 && !options.replan();
    long made = options.made().toEpochMilli();
    set = goesOn ? current : newSet(made);
    file.execute(
        "UPDATE disc_set SET media = ?, capacity = ?, made = ? WHERE id = ?",
        options.media().name(),
        options.capacity(),
        made,
        set);
    PlanTable.keep(file, set, options);
    if (options.replan()) {
      Assignments.removeAll(file); // they are of the set before
    }
    before = (int) file.number(0, "SELECT max(number) FROM disc WHERE disc_set = ?", set);
    lookForFixed();
    catalogue.prefixes().keep(file);
    SourcePrefixes.requireApart(file);
    while (!fill()) {
      DiscSetTable.dropPlanned(file, set);
    }
  }

  /** Fills discs. @return false when contents turned out to come onto none: then once more */
  private boolean fill() throws SQLException {
    DiscNumbers written = DiscSetTable.numbers(file, set);
    SourcePrefixes prefixes = catalogue.prefixes();
    OdarchiveHeading heading = DiscHeading.of(catalogue, options.made(), options.capacity());
    CatalogueLength length;
    SubtreeSectors sizes = null;
    try (Aside<CatalogueLength> measuring =
        new Aside<>("measure", () -> measured(prefixes, heading, written))) {
      if (options.keepDirectoriesTogether()) {
        sizes = new SubtreeSectors(file, fixedContents, task);
      }
      length = measuring.get();
    }
    boolean plain = DiscCargo.isPlain(length.plain(), options.capacity());
    long bytes = plain ? length.plain() : withRoom(length.estimate());
    for (int i = 0; i < TRIES; i++) {
      DiscCargo cargo = new DiscCargo(bytes, plain, plain ? 0 : length.ownFrame());
      cargo.requireRoom(options.plainCapacity());
      Segmentation segmentation = segment(cargo, length, sizes);
      BitSet leftOut = segmentation.leftOut();
      if (!leftOut.isEmpty()) {
        leftOut.stream().forEach(each -> fixedContents[each] = Segmentation.LEFT_OUT);
        return false;
      }
      long needed = settle(segmentation, plain, prefixes, heading, written);
      if (needed <= bytes) {
        finish(segmentation, cargo);
        return true;
      }
      bytes = withRoom(needed);
      DiscSetTable.dropPlanned(file, set);
    }
    throw new BlkshException("plan discs", "the compressed catalogue takes more room each time");
  }

  /** Measures the catalogue of all discs, on a connection of its own. */
  private CatalogueLength measured(
      SourcePrefixes prefixes, OdarchiveHeading heading, DiscNumbers written) {
    try (CatalogueFile beside = CatalogueFile.open(file.path(), false)) {
      DiscNumbers soon = beside.call("look what is planned", () -> soon(beside, written));
      CatalogueLength length =
          new CatalogueLength(new OdarchiveWriter(beside, prefixes, task), heading, asOf);
      length.measure(soon);
      return length;
    }
  }

  /**
   * Ends a segmentation, and meanwhile compresses the catalogue with the numbers of its discs.
   *
   * @return the bytes that takes; 0 when it is in plain
   */
  private long settle(
      Segmentation segmentation,
      boolean plain,
      SourcePrefixes prefixes,
      OdarchiveHeading heading,
      DiscNumbers written)
      throws SQLException {
    if (plain) {
      segmentation.rest();
      return 0;
    }
    DiscNumbers numbers =
        content -> {
          int disc = segmentation.discOf(content);
          return disc > 0 ? disc : written.of(content);
        };
    AtomicBoolean stopped = new AtomicBoolean();
    try (Aside<Long> compressing =
        new Aside<>("compress", () -> compressed(prefixes, heading, numbers, stopped::get))) {
      boolean ended = false;
      try {
        segmentation.rest();
        ended = true;
      } finally {
        stopped.set(!ended);
      }
      return compressing.get() + CatalogueLength.LEAST_FILLING;
    }
  }

  private long compressed(
      SourcePrefixes prefixes,
      OdarchiveHeading heading,
      DiscNumbers numbers,
      BooleanSupplier stopped) {
    try (CatalogueFile beside = CatalogueFile.open(file.path(), false)) {
      return new CatalogueLength(new OdarchiveWriter(beside, prefixes, task), heading, asOf)
          .compressed(numbers, stopped);
    }
  }

  /**
   * The set that is gone on with: the last with discs that are written, or one that was begun
   * because those before it are not trusted any more; later ones are taken out. 0 for none.
   */
  private long lastBegun() throws SQLException {
    for (; ; ) {
      long set =
          file.number(0, "SELECT id FROM disc_set WHERE imported = 0 ORDER BY id DESC LIMIT 1");
      if (set == 0) {
        return 0;
      }
      DiscSetTable.dropPlanned(file, set);
      boolean isWritten = file.number(0, "SELECT count(*) FROM disc WHERE disc_set = ?", set) > 0;
      if (isWritten || !options.replan() && isAnySetWrittenBefore(set)) {
        return set;
      }
      file.execute("DELETE FROM disc_set WHERE id = ?", set);
      file.execute("DELETE FROM plan WHERE disc_set = ?", set);
    }
  }

  private boolean isAnySetWrittenBefore(long set) throws SQLException {
    return file.number(
            0,
            """
            SELECT d.id FROM disc d JOIN disc_set s ON s.id = d.disc_set
            WHERE s.imported = 0 AND s.id < ? AND d.written IS NOT NULL LIMIT 1""",
            set)
        != 0;
  }

  private static long withRoom(long compressed) {
    return compressed + compressed / 16 + 4096;
  }

  private long newSet(long made) throws SQLException {
    long number = 1 + file.number(0, "SELECT count(*) FROM disc_set WHERE imported = 0");
    String text = "set %d of %s, %d".formatted(number, catalogue.jobId(), made);
    String guid = UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8)).toString();
    return file.number(
        0,
        "INSERT INTO disc_set (made, media, capacity, guid, imported) VALUES (?, '', 0, ?, 0)"
            + " RETURNING id",
        made,
        guid);
  }

  private void lookForFixed() throws SQLException {
    int contents = (int) file.number(0, "SELECT max(id) FROM content") + 1;
    fixedContents = new int[contents];
    fixedEntries = new BitSet();
    if (options.replan()) {
      return;
    }
    lookForFixed("SELECT p.content" + WRITTEN_PARTS + " AND p.parts = 1");
    lookForFixed("SELECT p.content" + WRITTEN_PARTS + WHOLE_OF_PARTS);
    try (PreparedStatement statement = file.own(TOLD_OF, set);
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        int content = rows.getInt(2);
        if (content == 0 || rows.getLong(3) == 0 || fixedContents[content] == -1) {
          fixedEntries.set(rows.getInt(1));
        }
      }
    }
  }

  private void lookForFixed(String sql) throws SQLException {
    try (PreparedStatement statement = file.own(sql, set);
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        fixedContents[rows.getInt(1)] = -1;
      }
    }
  }

  /** Some disc for contents that will be on one, and none for the others. */
  private DiscNumbers soon(CatalogueFile beside, DiscNumbers written) throws SQLException {
    if (beside.number(0, "SELECT count(*) FROM source WHERE imported = 1") > 0) {
      BitSet will = willBePlanned(beside);
      return content -> will.get((int) content) ? 1 : written.of(content);
    }
    return new DiscNumbers() {
      @Override
      public int of(long content) throws SQLException {
        return written.of(content);
      }

      @Override
      public int of(long content, long size, boolean isHashed) throws SQLException {
        boolean comes = size > 0 && isHashed && fixedContents[(int) content] == 0;
        return comes ? 1 : written.of(content);
      }
    };
  }

  /** Contents of what was scanned that come onto discs. */
  private BitSet willBePlanned(CatalogueFile beside) throws SQLException {
    BitSet will = new BitSet();
    try (PreparedStatement statement =
            beside.own(
                """
                SELECT c.id FROM source s JOIN directory d ON d.source = s.id
                JOIN entry e ON e.directory = d.id JOIN content c ON c.id = e.content
                WHERE s.imported = 0 AND e.gone IS NULL AND c.size > 0 AND c.sha256 IS NOT NULL""");
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        if (fixedContents[rows.getInt(1)] == 0) {
          will.set(rows.getInt(1));
        }
      }
    }
    return will;
  }

  private Segmentation segment(DiscCargo cargo, CatalogueLength length, SubtreeSectors sizes)
      throws SQLException {
    Segmentation segmentation =
        new Segmentation(
            catalogue,
            options,
            cargo,
            length,
            Arrays.copyOf(fixedContents, fixedContents.length),
            sizes,
            fixedEntries,
            before,
            new DiscRows(catalogue, options, set, asOf),
            task);
    segmentation.run();
    return segmentation;
  }

  private void finish(Segmentation segmentation, DiscCargo cargo) throws SQLException {
    long used = 0;
    List<Disc> covered = options.parityDiscs() == 0 ? List.of() : ParityGroup.uncovered(file, set);
    int parityDiscs = covered.isEmpty() ? 0 : options.parityDiscs();
    for (DiscFill each : segmentation.discs()) {
      file.execute(
          "UPDATE disc SET guid = ?, size = ?, files = ?, bytes = ?, catalogue = ?, own = ?,"
              + " tree = ?, sums = ?, total = ?, script = ? WHERE id = ?",
          guid(each),
          options.withParity(each.imageBytes()),
          each.files(),
          each.contentBytes(),
          cargo.catalogue(),
          cargo.plain() ? 0 : each.ownBytes(),
          each.treeBytes(),
          each.sumsBytes(),
          before + segmentation.discs().size() + parityDiscs,
          DiscCargo.restoreScript().length,
          each.row());
      Protection.note(file, each.row(), options.imageParity());
      used++;
    }
    DiscFill empty = new DiscFill(0, 0, options.plainCapacity(), cargo, (disc, entry) -> {});
    long room = Math.max(1, empty.mayBeFree());
    long bound = used == 0 ? 0 : Math.max(1, (segmentation.lowest() + room - 1) / room);
    file.execute("UPDATE disc_set SET bound = ? WHERE id = ?", before + bound, set);
    if (parityDiscs > 0) {
      parityDiscs(before + segmentation.discs().size());
    }
  }

  /** Plans parity discs of all that no other is of. @param last number of the discs before */
  private void parityDiscs(int last) throws SQLException {
    List<Disc> members = ParityGroup.uncovered(file, set);
    String action = "plan parity discs";
    int rows = options.parityDiscs();
    if (members.size() + rows > ReedSolomon.MOST) {
      throw new BlkshException(
              action,
              "they would be of %d discs, and can be of %d"
                  .formatted(members.size(), ReedSolomon.MOST - rows))
          .suggest("take larger discs");
    }
    long bytes = members.stream().mapToLong(Disc::size).max().orElseThrow();
    long size = ParityDiscTree.bytes(bytes);
    if (size > options.capacity()) {
      throw new BlkshException(
              action,
              "the longest image of the set has %d bytes, and one with its parity %d"
                  .formatted(bytes, size))
          .suggest("take larger discs, or begin a new set: replan = true");
    }
    for (int row = 0; row < rows; row++) {
      int number = last + row + 1;
      long disc = new DiscRows(catalogue, options, set, asOf).disc(number, "_P%03d");
      StringBuilder text =
          new StringBuilder("parity %d of %d, made %d:".formatted(row, rows, made(disc)));
      members.forEach(each -> text.append(' ').append(each.guid()));
      file.execute(
          "UPDATE disc SET guid = ?, size = ?, bytes = ?, total = ?, script = ? WHERE id = ?",
          UUID.nameUUIDFromBytes(text.toString().getBytes(StandardCharsets.UTF_8)).toString(),
          size,
          bytes,
          last + rows,
          DiscCargo.restoreScript().length,
          disc);
      new ParityGroup(row, rows, bytes, members).note(file, disc);
    }
  }

  private long made(long disc) throws SQLException {
    return file.number(0, "SELECT made FROM disc WHERE id = ?", disc);
  }

  /** What no other disc has: the same only for the same plan of the same job. */
  private String guid(DiscFill disc) throws SQLException {
    long sets = file.number(0, "SELECT count(*) FROM disc_set WHERE imported = 0 AND id <= ?", set);
    String text =
        "%s %d set %d disc %d of %d: %s %d, %d bytes, %d of contents, %d, %d"
            .formatted(
                catalogue.jobId(),
                options.made().toEpochMilli(),
                sets,
                disc.number(),
                options.capacity(),
                options.media().name(),
                disc.files(),
                disc.imageBytes(),
                disc.contentBytes(),
                disc.treeBytes(),
                disc.sumsBytes());
    if (options.parity() > 0) {
      text += ", parity " + options.imageParity().rows();
    }
    return UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8)).toString();
  }
}
