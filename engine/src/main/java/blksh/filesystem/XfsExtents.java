package blksh.filesystem;

import blksh.io.UnreadableException;

/**
 * Where a fork of an inode of XFS has its blocks: extents in the inode itself, or in the leaves of
 * a B+tree whose root is there. What is reserved and was never written reads as zeros.
 */
final class XfsExtents implements FileRun.Map {

  private static final int RECORD = 16;
  private static final int KEY = 8;
  private static final int POINTER = 8;

  /** Bytes of the root before its keys. */
  private static final int ROOT_HEADER = 4;

  private static final int HEADER = 24;
  private static final int CHECKED_HEADER = 72;

  /** Levels of the highest tree there can be. */
  private static final int HIGHEST = 9;

  /**
   * Extents of a stretch of the file, in order.
   *
   * @param from the first block of the stretch, counted in the file
   * @param until the first block behind it
   * @param first where the first extent is in what was read
   */
  private record Leaf(long from, long until, Structure bytes, int first, int count) {

    boolean covers(long block) {
      return block >= from && block < until;
    }

    long high(int extent) {
      return bytes.i64(first + extent * RECORD);
    }

    long low(int extent) {
      return bytes.i64(first + extent * RECORD + Long.BYTES);
    }

    boolean isUnwritten(int extent) {
      return high(extent) < 0;
    }

    long start(int extent) {
      return (high(extent) & Long.MAX_VALUE) >>> 9;
    }

    long block(int extent) {
      return (high(extent) & 0x1ff) << 43 | low(extent) >>> 21;
    }

    long length(int extent) {
      return low(extent) & (1 << 21) - 1;
    }
  }

  private final Volume volume;
  private final XfsSuperblock superblock;
  private final FileEntry file;
  private final XfsInode inode;
  private final XfsInode.Fork fork;
  private final boolean metadata;
  private final int blockSize;

  /** Blocks of the largest file, the last of them not whole. */
  private final long most;

  private volatile Leaf last;

  /**
   * @param metadata whether all of it must have been written
   * @throws FileSystemDamageException when the fork has no extents
   */
  XfsExtents(FileEntry file, XfsInode inode, XfsInode.Fork fork, boolean metadata) {
    this.volume = inode.volume();
    this.superblock = inode.superblock();
    this.file = file;
    this.inode = inode;
    this.fork = fork;
    this.metadata = metadata;
    blockSize = superblock.blockSize();
    most = Long.MAX_VALUE / blockSize + 1;
    if (fork.format() != XfsInode.EXTENTS && fork.format() != XfsInode.TREE) {
      throw inode.damage("has no extents where they should be");
    }
  }

  @Override
  public FileRun at(long position) {
    long block = position / blockSize;
    Leaf leaf = last;
    if (leaf == null || !leaf.covers(block)) {
      leaf = leaf(block, new long[1]);
      last = leaf;
    }
    int found = lastUpTo(leaf, block);
    if (found < 0 || block >= leaf.start(found) + leaf.length(found)) {
      long end = found + 1 < leaf.count ? leaf.start(found + 1) : leaf.until;
      return new FileRun(block * blockSize, byteOf(end) - block * blockSize, FileRun.HOLE);
    }
    long start = leaf.start(found) * blockSize;
    long at = superblock.position(leaf.block(found), leaf.length(found));
    if (at < 0) {
      throw volume.damage(
          file, "it has data where the volume has none, from its byte %d on".formatted(start));
    }
    if (metadata && leaf.isUnwritten(found)) {
      throw volume.damage(
          file, "what it holds was never written, from its byte %d on".formatted(start));
    }
    return new FileRun(
        start, leaf.length(found) * blockSize, leaf.isUnwritten(found) ? FileRun.HOLE : at);
  }

  /** Where a block of the file begins, in bytes. */
  private long byteOf(long block) {
    return block >= most ? Long.MAX_VALUE : block * blockSize;
  }

  /**
   * Where in the file there may be something again behind what cannot be told of a position; all
   * that is between is lost.
   */
  long behind(long position) {
    long[] end = {most};
    try {
      Leaf leaf = leaf(position / blockSize, end);
      int found = lastUpTo(leaf, position / blockSize);
      return byteOf(found < 0 ? leaf.until : leaf.start(found) + leaf.length(found));
    } catch (FileSystemDamageException | UnreadableException e) {
      FileEntry.survived(e);
      return byteOf(end[0]);
    }
  }

  /** The last extent that begins at a block or before it; -1 when all begin after it. */
  private static int lastUpTo(Leaf leaf, long block) {
    int low = -1;
    int high = leaf.count - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (leaf.start(middle) <= block) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /**
   * The extents among which one of a block would be.
   *
   * @param reached gets where the stretch ends that was being looked for, should that fail
   */
  private Leaf leaf(long block, long[] reached) {
    if (fork.format() == XfsInode.EXTENTS) {
      return proven(new Leaf(0, most, fork.bytes(), 0, (int) fork.extents()), fork.position());
    }
    Structure node = fork.bytes();
    long position = fork.position();
    int header = ROOT_HEADER;
    int level = node.u16(0);
    int count = node.u16(2);
    int room = (node.length() - ROOT_HEADER) / (KEY + POINTER);
    if (level < 1 || level >= HIGHEST || count < 1 || count > room) {
      throw broken(position, "cannot be");
    }
    long from = 0;
    long until = most;
    while (level > 0) {
      int found = lastKey(node, header, count, block);
      long next = found + 1 < count ? node.i64(header + (found + 1) * KEY) : until;
      if (next <= block || next > until) {
        throw broken(position, "is out of order");
      }
      until = next;
      reached[0] = until;
      if (found < 0) {
        return new Leaf(from, until, node, 0, 0);
      }
      long key = node.i64(header + found * KEY);
      if (key < from) {
        throw broken(position, "is out of order");
      }
      from = key;
      long child = node.i64(header + room * KEY + found * POINTER);
      position = superblock.position(child, 1);
      if (position < 0) {
        throw volume.damage(file, "the tree of its extents leads nowhere");
      }
      node = volume.read(position, blockSize).bigEndian();
      level--;
      header = superblock.isChecked() ? CHECKED_HEADER : HEADER;
      count = node.u16(6);
      room = (blockSize - header) / RECORD;
      prove(node, position, level, count, room);
    }
    return proven(new Leaf(from, until, node, header, count), position);
  }

  private void prove(Structure node, long position, int level, int count, int room) {
    boolean checked = superblock.isChecked();
    if (checked) {
      String fault = XfsSeal.EXTENTS.fault(superblock, node, position, inode.number());
      if (fault != null) {
        throw broken(position, fault);
      }
    }
    if (!node.has(0, checked ? "BMA3" : "BMAP")
        || node.u16(4) != level
        || count < 1
        || count > room) {
      throw broken(position, "cannot be");
    }
  }

  /** Makes sure that extents follow each other, and none goes beyond the largest file. */
  private Leaf proven(Leaf leaf, long position) {
    long end = leaf.from;
    for (int i = 0; i < leaf.count; i++) {
      if (leaf.length(i) == 0 || leaf.start(i) < end) {
        throw broken(position, "is out of order");
      }
      end = leaf.start(i) + leaf.length(i);
    }
    if (end > leaf.until) {
      throw broken(position, "is out of order");
    }
    return leaf;
  }

  private FileSystemDamageException broken(long position, String problem) {
    return volume.damage(file, "a block of its extents at byte %d %s".formatted(position, problem));
  }

  private static int lastKey(Structure node, int header, int count, long block) {
    int low = -1;
    int high = count - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (node.i64(header + middle * KEY) <= block) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }
}
