package blksh.filesystem;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

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

  ExtExtents(Volume volume, FileEntry file, byte[] root, int blockSize, long blocks) {
    this.volume = volume;
    this.file = file;
    this.root = root;
    this.blockSize = blockSize;
    this.blocks = blocks;
  }

  @Override
  public FileRun at(long position) {
    long block = position / blockSize;
    ByteBuffer node = ByteBuffer.wrap(root).order(ByteOrder.LITTLE_ENDIAN);
    long end = Long.MAX_VALUE / blockSize;
    int depth = depth(node, DEEPEST + 1);
    while (true) {
      int found = last(node, block);
      int entries = node.getShort(2) & 0xffff;
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
      long child = node.getInt(at + 4) & 0xffffffffL | (node.getShort(at + 8) & 0xffffL) << 32;
      if (child <= 0 || child >= blocks) {
        throw volume.damage(file, "its extent tree leads nowhere");
      }
      node = volume.read(child * blockSize, blockSize);
      depth = depth(node, depth);
    }
  }

  private FileRun leaf(ByteBuffer node, int at, long block, long end) {
    long start = node.getInt(at) & 0xffffffffL;
    int length = node.getShort(at + 4) & 0xffff;
    boolean written = length <= LONGEST_WRITTEN;
    length = written ? length : length - LONGEST_WRITTEN;
    if (block >= start + length) {
      return hole(block, end);
    }
    long first = node.getInt(at + 8) & 0xffffffffL | (node.getShort(at + 6) & 0xffffL) << 32;
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
  private int depth(ByteBuffer node, int above) {
    int entries = node.getShort(2) & 0xffff;
    int depth = node.getShort(6) & 0xffff;
    if ((node.getShort(0) & 0xffff) != MAGIC
        || depth >= above
        || (entries + 1) * ENTRY > node.capacity()) {
      throw volume.damage(file, "its extent tree is damaged");
    }
    return depth;
  }

  /** The last entry that begins at a block or before; -1 when all begin after it. */
  private static int last(ByteBuffer node, long block) {
    int low = -1;
    int high = (node.getShort(2) & 0xffff) - 1;
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

  private static long start(ByteBuffer node, int entry) {
    return node.getInt(ENTRY * (entry + 1)) & 0xffffffffL;
  }
}
