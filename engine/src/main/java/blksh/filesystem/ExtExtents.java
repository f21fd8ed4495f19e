package blksh.filesystem;

/** The extent tree of an ext4 file: the root in its inode, other nodes in blocks. */
final class ExtExtents implements FileRun.Map {

  private static final int MAGIC = 0xf30a;
  private static final int ENTRY = 12;
  private static final int DEEPEST = 5;

  /** Longer extents are not written yet and read as zeros. */
  private static final int LONGEST_WRITTEN = 1 << 15;

  private final Volume volume;
  private final FileEntry file;
  private final byte[] root;
  private final int blockSize;
  private final long blocks;

  ExtExtents(Volume volume, FileEntry file, byte[] root, ExtSuperblock superblock) {
    this.volume = volume;
    this.file = file;
    this.root = root;
    this.blockSize = superblock.blockSize();
    this.blocks = superblock.blocks();
  }

  @Override
  public FileRun at(long position) {
    long block = position / blockSize;
    Structure node = Structure.of(root);
    long end = Long.MAX_VALUE / blockSize;
    int depth = depth(node, DEEPEST + 1);
    while (true) {
      int found = last(node, block);
      int entries = node.u16(2);
      if (found + 1 < entries) {
        end = Math.min(end, start(node, found + 1));
      }
      if (found < 0) {
        return hole(block, end);
      }
      int at = ENTRY * (found + 1);
      if (depth == 0) {
        return leaf(node, at, block, end);
      }
      long child = node.u32(at + 4) | (long) node.u16(at + 8) << 32;
      if (child <= 0 || child >= blocks) {
        throw volume.damage(file, "its extent tree leads nowhere");
      }
      node = volume.read(child * blockSize, blockSize);
      depth = depth(node, depth);
    }
  }

  private FileRun leaf(Structure node, int at, long block, long end) {
    long start = node.u32(at);
    int length = node.u16(at + 4);
    boolean written = length <= LONGEST_WRITTEN;
    length = written ? length : length - LONGEST_WRITTEN;
    if (block >= start + length) {
      return hole(block, end);
    }
    long first = node.u32(at + 8) | (long) node.u16(at + 6) << 32;
    if (written && (first <= 0 || first + length > blocks)) {
      throw volume.damage(file, "it has data where the volume has none");
    }
    return new FileRun(
        start * blockSize, (long) length * blockSize, written ? first * blockSize : FileRun.HOLE);
  }

  private FileRun hole(long block, long end) {
    if (end <= block) {
      throw volume.damage(file, "its extent tree is out of order");
    }
    return new FileRun(block * blockSize, (end - block) * blockSize, FileRun.HOLE);
  }

  /** Checks a node, which must be nearer to the leaves than the one above. */
  private int depth(Structure node, int above) {
    int entries = node.u16(2);
    int depth = node.u16(6);
    if (node.u16(0) != MAGIC || depth >= above || (entries + 1) * ENTRY > node.length()) {
      throw volume.damage(file, "its extent tree is damaged");
    }
    return depth;
  }

  /** The last entry that begins at a block or before; -1 when all begin after it. */
  private static int last(Structure node, long block) {
    int low = -1;
    int high = node.u16(2) - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (start(node, middle) <= block) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  private static long start(Structure node, int entry) {
    return node.u32(ENTRY * (entry + 1));
  }
}
