package blksh.iso;

import blksh.iso.DiscTree.Kind;
import java.util.Arrays;

/**
 * How many bytes the image of a disc takes, known at any time while entries are added: to the byte
 * what {@link DiscPlan} says and {@link DiscWriter} writes for the same entries, in whatever order
 * they come. Adding one and asking take constant time; memory is about 30 bytes a directory and 25
 * a content.
 *
 * <p>What an entry would take is found by {@link #mark}, adding it, and {@link #back}. That no name
 * is given twice in a directory is for the caller to see to. For one thread.
 */
public final class DiscSize {

  /** The root directory. */
  public static final int ROOT = 0;

  /** An image has a multiple of this many sectors: the unit of error correction of its medium. */
  static final int UNIT = 32;

  private final DirectorySpace directories = new DirectorySpace();
  private final LongTable contents = new LongTable();
  private final LongTable groups = new LongTable();
  private final EntrySpace space = new EntrySpace();

  /** File entries of UDF, and blocks of its directories. */
  private long udfBlocks;

  private long isoSectors;
  private long jolietSectors;

  /** Bytes of one path table of ISO 9660, and of Joliet. */
  private long isoPathTable;

  private long jolietPathTable;
  private long continuations;
  private long dataSectors;

  /** Since the mark: what to take back, last first. */
  private final Journal journal = new Journal();

  private final long[] marked = new long[7];
  private boolean isMarked;

  /** What the mark goes back over: kinds and numbers. */
  private static final class Journal {
    static final int DIRECTORY_CHANGED = 0;
    static final int DIRECTORY_ADDED = 1;
    static final int CONTENT_ADDED = 2;
    static final int GROUP_ADDED = 3;

    long[] entries = new long[64];
    int used;

    void add(int kind, long number) {
      reserve(2);
      entries[used++] = number;
      entries[used++] = kind;
    }

    void save(DirectorySpace directories, int directory) {
      reserve(DirectorySpace.SAVED);
      directories.save(directory, entries, used);
      used += DirectorySpace.SAVED;
      add(DIRECTORY_CHANGED, directory);
    }

    private void reserve(int more) {
      if (used + more > entries.length) {
        entries = Arrays.copyOf(entries, 2 * entries.length);
      }
    }
  }

  /** A disc with nothing in its root. */
  public DiscSize() {
    directories.add();
    udfBlocks = 1;
    continuations = ContinuationCells.cell(RockRidge.extension().length);
    isoPathTable = PathTable.record(1);
    jolietPathTable = PathTable.record(1);
    count(ROOT, 1);
  }

  private void count(int directory, int sign) {
    udfBlocks += sign * directories.udfBlocks(directory);
    isoSectors += sign * directories.isoSectors(directory);
    jolietSectors += sign * directories.jolietSectors(directory);
  }

  /**
   * Adds a directory.
   *
   * @param parent {@link #ROOT} or what this has returned
   * @param name 1 to 255 bytes
   * @return its number
   */
  public int directory(int parent, byte[] name) {
    space.measure(name, Kind.DIRECTORY, null, 0);
    enter(parent);
    int directory = directories.add();
    note(Journal.DIRECTORY_ADDED, directory);
    udfBlocks++;
    count(directory, 1);
    isoPathTable += PathTable.record(space.isoIdentifier);
    jolietPathTable += PathTable.record(space.jolietIdentifier);
    return directory;
  }

  /** Adds a file with one name. @param name 1 to 255 bytes */
  public void file(int parent, byte[] name, DiscContent content) {
    file(parent, name, content.size());
    udfBlocks++;
    content(content);
  }

  /** Adds a name of a file that may have several, as {@link DiscTreeBuilder#hardLink}. */
  public void hardLink(int parent, byte[] name, DiscContent content, long links) {
    file(parent, name, content.size());
    if (!groups.has(links)) {
      groups.put(links, 0);
      note(Journal.GROUP_ADDED, links);
      udfBlocks++;
    }
    content(content);
  }

  private void file(int parent, byte[] name, long size) {
    space.measure(name, Kind.FILE, null, size);
    enter(parent);
  }

  private void content(DiscContent content) {
    if (!contents.has(content.id())) {
      contents.put(content.id(), 0);
      note(Journal.CONTENT_ADDED, content.id());
      dataSectors += DiscContent.sectors(content.size());
    }
  }

  /**
   * Adds a file whose content is not counted: the caller does, who knows what is there already.
   *
   * @param name 1 to 255 bytes
   * @param size bytes of the content
   */
  public void name(int parent, byte[] name, long size) {
    file(parent, name, size);
    udfBlocks++;
  }

  /**
   * Adds a symbolic link.
   *
   * @param target where it leads, 1 to {@link DiscTreeBuilder#LONGEST_TARGET} bytes
   */
  public void symlink(int parent, byte[] name, byte[] target) {
    space.measure(name, Kind.LINK, target, 0);
    enter(parent);
  }

  private void enter(int directory) {
    if (isMarked) {
      journal.save(directories, directory);
    }
    count(directory, -1);
    directories.enter(directory, space);
    count(directory, 1);
    continuations += space.continuation;
  }

  private void note(int kind, long number) {
    if (isMarked) {
      journal.add(kind, number);
    }
  }

  /** Whether a content is on the disc already. */
  public boolean has(long content) {
    return contents.has(content);
  }

  /** How many directories there are, the root included. */
  public int directories() {
    return directories.size();
  }

  /**
   * Remembers the disc as it is now, for {@link #back}; what was remembered before is forgotten.
   */
  public void mark() {
    isMarked = true;
    journal.used = 0;
    marked[0] = udfBlocks;
    marked[1] = isoSectors;
    marked[2] = jolietSectors;
    marked[3] = isoPathTable;
    marked[4] = jolietPathTable;
    marked[5] = continuations;
    marked[6] = dataSectors;
  }

  /**
   * Takes back what was added since {@link #mark}, which stays.
   *
   * @throws IllegalStateException when there is none
   */
  public void back() {
    if (!isMarked) {
      throw new IllegalStateException("nothing is marked");
    }
    while (journal.used > 0) {
      int kind = (int) journal.entries[--journal.used];
      long number = journal.entries[--journal.used];
      switch (kind) {
        case Journal.DIRECTORY_CHANGED -> {
          journal.used -= DirectorySpace.SAVED;
          directories.restore((int) number, journal.entries, journal.used);
        }
        case Journal.DIRECTORY_ADDED -> directories.removeLast();
        case Journal.CONTENT_ADDED -> contents.remove(number);
        default -> groups.remove(number);
      }
    }
    udfBlocks = marked[0];
    isoSectors = marked[1];
    jolietSectors = marked[2];
    isoPathTable = marked[3];
    jolietPathTable = marked[4];
    continuations = marked[5];
    dataSectors = marked[6];
  }

  /** Bytes of the image with all that was added. */
  public long bytes() {
    return bytes(0);
  }

  /** As above, with contents that are not counted yet. @param counted sectors these take */
  public long bytes(long counted) {
    return rounded(sectors(counted)) * DiscPlan.SECTOR;
  }

  /** As above, in sectors, and without what fills the last unit. */
  public long sectors(long counted) {
    return counted
        + DiscPlan.PARTITION
        + UdfVolume.FILE_SET_BLOCKS
        + udfBlocks
        + 2 * DiscContent.sectors(isoPathTable)
        + isoSectors
        + DiscContent.sectors(continuations)
        + 2 * DiscContent.sectors(jolietPathTable)
        + jolietSectors
        + dataSectors
        + UdfVolume.LAST_ANCHOR_BLOCKS;
  }

  /** Bytes of the contents alone, each counted once, in whole sectors. */
  public long dataBytes() {
    return dataSectors * DiscPlan.SECTOR;
  }

  static long rounded(long sectors) {
    return (sectors + UNIT - 1) / UNIT * UNIT;
  }

  /** The largest image that fits into a capacity; 0 when none does. @param capacity in bytes */
  public static long largest(long capacity) {
    return capacity / (UNIT * DiscPlan.SECTOR) * UNIT * DiscPlan.SECTOR;
  }
}
