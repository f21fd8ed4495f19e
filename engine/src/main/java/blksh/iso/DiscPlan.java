package blksh.iso;

import blksh.BlkshException;
import blksh.iso.DiscTree.Kind;
import blksh.parity.ImageParity;
import blksh.parity.ParityLayout;
import java.util.Arrays;

/**
 * Where everything lies on a disc, and how long its image is: decided before a byte is written. The
 * same tree and label give the same plan, and the same image but for the contents.
 *
 * <p>Takes about 12 bytes of memory an entry beside the tree.
 */
public final class DiscPlan {

  /** Bytes of a sector of a disc, which is a block of UDF, too. */
  public static final int SECTOR = 2048;

  /** The sector where the partition of UDF begins, right behind its first anchor. */
  static final int PARTITION = 257;

  /** No medium is larger, and 32 bits hold its sectors. */
  private static final long MOST_SECTORS = Integer.MAX_VALUE;

  private static final long MOST_DIRECTORY_SECTORS = EntrySpace.LONGEST_EXTENT / SECTOR;

  private static final int NOWHERE = -1;

  private final DiscTree tree;
  private final DiscLabel label;
  private final DirectorySpace spaces = new DirectorySpace();
  private final Continuations continuations = new Continuations();

  /** For each entry that is a directory its number in {@link #spaces}. */
  private final int[] directory;

  /**
   * For each entry what it alone has: the block of its file entry in the partition, and of a
   * symbolic link, which has none there, a larger number.
   */
  private final int[] number;

  /** For each content the sector it begins at. */
  private final int[] contentSector;

  /** For each directory the sector it begins at. */
  private final int[] isoSector;

  private final int[] jolietSector;

  /** For each directory how many it holds. */
  private final int[] subdirectories;

  private long isoPathTable = PathTable.record(1);
  private long jolietPathTable = PathTable.record(1);

  /** Sectors of the areas behind the partition's blocks, one after the other. */
  private long isoTables;

  private long isoDirectories;
  private long continuationArea;
  private long jolietTables;
  private long jolietDirectories;
  private long data;

  /** Of the image without parity. */
  private final long plainSectors;

  /** Where parity lies behind it; null when it has none. */
  private final ParityLayout parity;

  private long files;

  private DiscPlan(DiscTree tree, DiscLabel label, ImageParity share) {
    this.tree = tree;
    this.label = label;
    directory = new int[tree.size()];
    number = new int[tree.size()];
    contentSector = new int[tree.nodes().contents()];
    subdirectories = new int[tree.directories()];
    isoSector = new int[tree.directories()];
    jolietSector = new int[tree.directories()];
    measure();
    requireShortDirectories();
    isoTables = PARTITION + placeUdf();
    isoDirectories = isoTables + 2 * DiscContent.sectors(isoPathTable);
    continuationArea = isoDirectories;
    for (int i = 0; i < spaces.size(); i++) {
      isoSector[i] = (int) continuationArea;
      continuationArea += spaces.isoSectors(i);
    }
    jolietTables = continuationArea + DiscContent.sectors(continuations.bytes());
    jolietDirectories = jolietTables + 2 * DiscContent.sectors(jolietPathTable);
    data = jolietDirectories;
    for (int i = 0; i < spaces.size(); i++) {
      jolietSector[i] = (int) data;
      data += spaces.jolietSectors(i);
    }
    plainSectors = DiscSize.rounded(placeContents() + UdfVolume.LAST_ANCHOR_BLOCKS);
    require(share.sectors(plainSectors));
    parity = share.rows() == 0 ? null : new ParityLayout(label.set(), plainSectors, share);
  }

  /**
   * Plans a disc.
   *
   * @throws BlkshException when no disc can be so large: 4 TiB and more
   */
  public static DiscPlan of(DiscTree tree, DiscLabel label) {
    return of(tree, label, ImageParity.NONE);
  }

  /** As above, with parity behind what else is in the image. */
  public static DiscPlan of(DiscTree tree, DiscLabel label, ImageParity parity) {
    return new DiscPlan(tree, label, parity);
  }

  private void measure() {
    DiscNodes nodes = tree.nodes();
    EntrySpace space = new EntrySpace();
    directory[DiscTree.ROOT] = spaces.add();
    for (int place = 1; place < tree.size(); place++) {
      int node = tree.at(place);
      Kind kind = nodes.kind(node);
      byte[] target = kind == Kind.LINK ? nodes.target(node) : null;
      long size = kind == Kind.FILE ? nodes.contentSize(nodes.content(node)) : 0;
      space.measure(nodes.name(node), kind, target, size);
      spaces.enter(directory[nodes.parent(node)], space);
      if (space.continuation > 0) {
        continuations.add(node, nodes.name(node), target);
      }
      if (kind == Kind.DIRECTORY) {
        directory[node] = spaces.add();
        subdirectories[directory[nodes.parent(node)]]++;
        isoPathTable += PathTable.record(space.isoIdentifier);
        jolietPathTable += PathTable.record(space.jolietIdentifier);
      }
    }
  }

  /** A directory of ISO 9660 is one file, whose length is told in 32 bits. */
  private void requireShortDirectories() {
    for (int i = 0; i < spaces.size(); i++) {
      if (Math.max(spaces.isoSectors(i), spaces.jolietSectors(i)) > MOST_DIRECTORY_SECTORS) {
        throw new BlkshException("plan a disc", "one of its directories would have 4 GiB");
      }
    }
  }

  /** Gives file entries and directories of UDF their blocks. @return how many there are */
  private long placeUdf() {
    DiscNodes nodes = tree.nodes();
    long block = UdfVolume.FILE_SET_BLOCKS;
    for (int place = 0; place < tree.size(); place++) {
      int node = tree.at(place);
      if (!tree.isDirectory(node)) {
        continue;
      }
      number[node] = (int) block;
      block += 1 + spaces.udfBlocks(directory[node]);
      for (int i = 0; i < tree.countIn(node); i++) {
        int child = tree.at(tree.firstIn(node) + i);
        if (nodes.kind(child) == Kind.FILE && nodes.owner(child) == child) {
          number[child] = (int) block++;
          files++;
        }
      }
      require(block);
    }
    int next = (int) block;
    for (int place = 0; place < tree.size(); place++) {
      int node = tree.at(place);
      if (nodes.kind(node) == Kind.LINK) {
        number[node] = next++;
      }
    }
    return block;
  }

  /** Gives contents their sectors. @return the first sector behind them */
  private long placeContents() {
    Arrays.fill(contentSector, NOWHERE);
    require(data);
    long next = placeContents(data, false);
    return placeContents(next, true);
  }

  private long placeContents(long from, boolean last) {
    DiscNodes nodes = tree.nodes();
    long next = from;
    for (int place = 0; place < tree.size(); place++) {
      int node = tree.at(place);
      int content = nodes.kind(node) == Kind.FILE ? nodes.content(node) : NOWHERE;
      boolean here =
          content >= 0 && nodes.isLast(content) == last && nodes.contentSize(content) > 0;
      if (here && contentSector[content] == NOWHERE) {
        contentSector[content] = (int) next;
        next += DiscContent.sectors(nodes.contentSize(content));
        require(next);
      }
    }
    return next;
  }

  private static void require(long sectors) {
    if (sectors > MOST_SECTORS - DiscSize.UNIT) {
      throw new BlkshException("plan a disc", "it would have more than 4 TiB");
    }
  }

  /** What is on it. */
  public DiscTree tree() {
    return tree;
  }

  /** Bytes of the image, with its parity. */
  public long bytes() {
    return sectors() * SECTOR;
  }

  /** Bytes of the image before its parity; all of it when it has none. */
  public long plainBytes() {
    return plainSectors * SECTOR;
  }

  /** Where its parity lies; null when it has none. */
  public ParityLayout parity() {
    return parity;
  }

  DiscLabel label() {
    return label;
  }

  long sectors() {
    return parity == null ? plainSectors : parity.total();
  }

  long plainSectors() {
    return plainSectors;
  }

  DirectorySpace spaces() {
    return spaces;
  }

  Continuations continuations() {
    return continuations;
  }

  /** Files, however many names each has. */
  long files() {
    return files;
  }

  long isoTables() {
    return isoTables;
  }

  /** The second path table of ISO 9660 follows the first after so many sectors. */
  long isoTableSectors() {
    return DiscContent.sectors(isoPathTable);
  }

  long continuationArea() {
    return continuationArea;
  }

  long jolietTables() {
    return jolietTables;
  }

  long jolietTableSectors() {
    return DiscContent.sectors(jolietPathTable);
  }

  /** Blocks of the partition's file set, entries and directories. */
  long partitionBlocksUsed() {
    return isoTables - PARTITION;
  }

  /** The number of a directory in {@link #spaces}. */
  int directory(int node) {
    return directory[node];
  }

  long isoSector(int node) {
    return isoSector[directory[node]];
  }

  long jolietSector(int node) {
    return jolietSector[directory[node]];
  }

  /** What an entry alone has on the disc; a file has one, whatever its names. */
  int number(int node) {
    return number[tree.nodes().owner(node)];
  }

  /** The block of the partition where the file entry of a file or directory lies. */
  long block(int node) {
    return number(node);
  }

  /** How many directory records of the tree mean a file, or a directory and what is in it. */
  int isoLinks(int node) {
    return tree.isDirectory(node) ? 2 + subdirectories[directory[node]] : tree.nodes().links(node);
  }

  /** How many file identifiers mean a directory. */
  int udfLinks(int node) {
    return 1 + subdirectories[directory[node]];
  }

  /** Bytes of a file; 0 of a symbolic link. */
  long size(int node) {
    DiscNodes nodes = tree.nodes();
    return nodes.kind(node) == Kind.FILE ? nodes.contentSize(nodes.content(node)) : 0;
  }

  /** The sector where a file begins; 0 when it has no bytes. */
  long contentSector(int node) {
    return size(node) == 0 ? 0 : contentSector[tree.nodes().content(node)];
  }

  /** Told of each content. */
  public interface ContentVisitor {
    /**
     * @param content one that has bytes
     * @param position its first byte on the disc
     * @param path one of its names, from the root on, without a slash at its beginning
     */
    void visit(DiscContent content, long position, byte[] path);
  }

  /** Goes through all contents that have bytes, in the order of the disc. */
  public void contents(ContentVisitor visitor) {
    Contents contents = new Contents();
    while (contents.next()) {
      visitor.visit(contents.content(), contents.position(), contents.path());
    }
  }

  /** The contents in the order of the disc. */
  final class Contents {
    private int place = -1;
    private boolean last;
    private long sector = data;
    private int node;
    private int content;

    /** Goes on to the next one; false when there is none. */
    boolean next() {
      DiscNodes nodes = tree.nodes();
      while (true) {
        if (++place == tree.size()) {
          if (last) {
            return false;
          }
          last = true;
          place = 0;
        }
        node = tree.at(place);
        content = nodes.kind(node) == Kind.FILE ? nodes.content(node) : NOWHERE;
        if (content >= 0 && nodes.isLast(content) == last && contentSector[content] == sector) {
          sector += DiscContent.sectors(nodes.contentSize(content));
          return true;
        }
      }
    }

    DiscContent content() {
      return tree.nodes().contentAt(content);
    }

    long position() {
      return (long) contentSector[content] * SECTOR;
    }

    byte[] path() {
      return tree.path(node);
    }
  }
}
