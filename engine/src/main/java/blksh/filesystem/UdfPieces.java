package blksh.filesystem;

/** The pieces of a file that a file entry of UDF lists, in itself and in blocks of their own. */
final class UdfPieces implements FileRun.Map {

  /** More pieces of one file, or blocks that list them, are not believed. */
  private static final int MOST_PIECES = 1 << 20;

  private static final int MOST_LISTS = 1 << 16;

  private final UdfTree tree;

  private final String path;
  private final LongRuns runs = new LongRuns();

  /**
   * @param own the partition of the file entry, which short descriptors mean
   */
  UdfPieces(UdfTree tree, String path, Structure entry, UdfTree.Place own) {
    this.tree = tree;
    this.path = path;
    boolean extended = UdfTree.isExtended(entry);
    int flags = entry.i16(34) & 7;
    long start = (extended ? 216L : 176L) + entry.u32(extended ? 208 : 168);
    long length = entry.u32(extended ? 212 : 172);
    if (flags > 1 || start + length > tree.blockSize()) {
      throw damaged();
    }
    int width = flags == 0 ? 8 : 16;
    Structure list = entry;
    for (int lists = 0; list != null; lists++) {
      if (lists > MOST_LISTS) {
        throw damaged();
      }
      list = add(list, (int) start, (int) (start + length), width, own);
      if (list != null) {
        start = 24;
        length = list.u32(20);
        if (!Udf.isTagged(list, Udf.ALLOCATION_EXTENT) || start + length > tree.blockSize()) {
          throw damaged();
        }
      }
    }
  }

  /** Adds the pieces of one list; the block where it goes on, or null. */
  private Structure add(Structure list, int from, int to, int width, UdfTree.Place own) {
    for (int at = from; at + width <= to; at += width) {
      int word = list.i32(at);
      long length = word & 0x3fffffffL;
      if (length == 0) {
        return null;
      }
      UdfTree.Place place = width == 8 ? own : tree.place(UdfTree.reference(list.u16(at + 8), 0));
      long block = list.u32(at + 4);
      switch (word >>> 30) {
        case 0 -> runs.add(length, place.at(block));
        case 3 -> {
          return tree.volume().read(place.at(block), tree.blockSize());
        }
        default -> runs.add(length, FileRun.HOLE);
      }
      if (runs.count() > MOST_PIECES) {
        throw damaged();
      }
    }
    return null;
  }

  private FileSystemDamageException damaged() {
    return tree.volume().damage("where %s lies is damaged".formatted(path));
  }

  @Override
  public FileRun at(long position) {
    FileRun run = runs.find(position);
    if (run == null) {
      throw tree.volume().damage("%s is shorter than it says".formatted(path));
    }
    return run;
  }
}
