package blksh.catalogue;

import blksh.io.FileType;
import blksh.iso.DiscContent;
import blksh.iso.DiscPlan;
import blksh.iso.DiscSize;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** A disc while it is planned: what is on it, and to the byte how long its image is. */
final class DiscFill {

  /** Notes that an entry is told of on a disc. */
  interface Places {
    void add(DiscFill disc, EntryState entry) throws SQLException;
  }

  /**
   * The most names and directories on one disc: whoever writes it has them in memory, and half a
   * million were seen to fit into 160 MB.
   */
  static final int MOST_ENTRIES = 400_000;

  private final int number;
  private final long row;
  private final long capacity;
  private final DiscCargo cargo;
  private final Places places;
  private final int mostEntries;
  private final DiscSize size = new DiscSize();
  private final int data;

  /** Numbers in {@link #size} of the catalogue's directories. */
  private final NumberTable directories = new NumberTable();

  private final List<DirectoryLevel> added = new ArrayList<>();
  private long sectors;
  private long tree;
  private long sums;
  private long own;
  private long contents;
  private long files;
  private long bytes;
  private int entries;

  /** Sectors that are free. */
  private long free;

  /**
   * @param number from 1 on
   * @param row its number in the database
   * @param capacity bytes
   */
  DiscFill(int number, long row, long capacity, DiscCargo cargo, Places places) {
    this(number, row, capacity, cargo, places, MOST_ENTRIES);
  }

  /** As above. @param mostEntries what comes onto it at most */
  DiscFill(int number, long row, long capacity, DiscCargo cargo, Places places, int mostEntries) {
    this.mostEntries = mostEntries;
    this.number = number;
    this.row = row;
    this.capacity = DiscSize.largest(capacity);
    this.cargo = cargo;
    this.places = places;
    this.sectors = cargo.fixedSectors();
    data = size.directory(DiscSize.ROOT, DiscCargo.ascii(DiscCargo.DATA));
    List<String> names =
        new ArrayList<>(
            List.of(
                DiscCargo.README,
                DiscCargo.INFO,
                DiscCargo.RESTORE,
                DiscCargo.SUMS,
                DiscCargo.TREE,
                DiscCargo.CATALOGUE));
    if (!cargo.plain()) {
      names.add(DiscCargo.CATALOGUE_ZST);
    }
    names.forEach(each -> size.name(DiscSize.ROOT, DiscCargo.ascii(each), 1));
    free = free();
  }

  int number() {
    return number;
  }

  long row() {
    return row;
  }

  /** Bytes of its image. */
  long imageBytes() {
    return size.bytes(counted());
  }

  /** Sectors of contents, and of what the disc carries. */
  private long counted() {
    long ownBytes = cargo.plain() ? 0 : ownBytes();
    return sectors
        + DiscCargo.sectors(tree)
        + DiscCargo.sectors(sums)
        + DiscCargo.sectors(ownBytes);
  }

  /** Sectors that are free. */
  private long free() {
    return capacity / DiscPlan.SECTOR - size.sectors(counted());
  }

  /** Bytes of its own catalogue. */
  long ownBytes() {
    // The first content is on a line of its own, each other behind a comma, the end as well.
    return cargo.ownFrame() + own + (contents == 0 ? 0 : 2 * contents + 4);
  }

  long treeBytes() {
    return tree;
  }

  long sumsBytes() {
    return sums;
  }

  /** Whether it tells of nothing yet. */
  boolean isEmpty() {
    return entries == 0;
  }

  long files() {
    return files;
  }

  /** Bytes of the contents on it, each once. */
  long contentBytes() {
    return bytes;
  }

  /** Sectors that may be free: the image is a multiple of 32, so these are no fewer. */
  long mayBeFree() {
    return (capacity - imageBytes()) / DiscPlan.SECTOR + 31;
  }

  boolean isWithin() {
    return imageBytes() <= capacity;
  }

  /**
   * Puts something on it.
   *
   * @param length bytes of contents it adds
   * @return false when it does not fit; then nothing was put
   */
  boolean add(DiscItem item, long length) throws SQLException {
    return entries < mostEntries && least(item) <= free && put(item, length, true);
  }

  /** Sectors that something takes at least: most discs are full, and to try costs more. */
  private long least(DiscItem item) {
    boolean isFile = item.name() != null && item.entry().isRegular();
    return item.sectors()
        + (isFile ? 1 : 0)
        + DiscCargo.sectors(tree + item.line())
        - DiscCargo.sectors(tree)
        + DiscCargo.sectors(sums + item.sum())
        - DiscCargo.sectors(sums);
  }

  /** As above. @param keeping whether it stays when it fits */
  private boolean put(DiscItem item, long length, boolean keeping) throws SQLException {
    long[] before = {sectors, tree, sums, own, contents, files, bytes, entries};
    size.mark();
    added.clear();
    int in = enter(item.directory());
    EntryState entry = item.entry();
    if (entry != null) {
      entries++;
      tree += item.line();
      sums += item.sum();
      if (item.name() != null) {
        if (entry.type() == FileType.LINK) {
          size.symlink(in, item.name(), entry.target());
        } else {
          size.name(in, item.name(), item.size());
          files++;
        }
      }
      sectors += item.sectors();
      bytes += length;
      if (item.own() > 0) {
        own += item.own();
        contents++;
      }
    }
    boolean fits = isWithin() && entries <= mostEntries;
    if (fits && keeping) {
      for (DirectoryLevel each : added) {
        if (each.entry() != null) {
          places.add(this, each.entry());
        }
      }
      if (entry != null) {
        places.add(this, entry);
      }
      free = free();
    } else {
      size.back();
      for (int i = added.size() - 1; i >= 0; i--) {
        directories.remove(added.get(i).id());
      }
      sectors = before[0];
      tree = before[1];
      sums = before[2];
      own = before[3];
      contents = before[4];
      files = before[5];
      bytes = before[6];
      entries = (int) before[7];
    }
    return fits;
  }

  private int enter(DirectoryLevel level) {
    if (level == null) {
      return data;
    }
    int known = directories.get(level.id());
    if (known >= 0) {
      return known;
    }
    int in = enter(level.above());
    int here = level.name().length == 0 ? in : size.directory(in, level.name());
    directories.put(level.id(), here);
    added.add(level);
    entries++;
    tree += level.line();
    return here;
  }

  /** The most sectors of contents that something can have to fit on it; -1 when none. */
  long most(DiscItem item) throws SQLException {
    long low = -1;
    long high = Math.min(capacity, DiscContent.LARGEST) / DiscPlan.SECTOR;
    while (low < high) {
      long middle = (low + high + 1) / 2;
      if (put(
          new DiscItem(
              item.directory(),
              item.entry(),
              item.name(),
              middle * DiscPlan.SECTOR,
              middle,
              item.line(),
              item.sum(),
              item.own()),
          0,
          false)) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }
}
