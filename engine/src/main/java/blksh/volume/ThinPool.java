package blksh.volume;

import blksh.block.BlockSource;
import blksh.block.MappedSource.Layout;
import blksh.block.MappedSource.Piece;
import blksh.io.UnreadableException;
import java.io.Serial;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Which blocks of a pool the thin volumes in it have (the kernel's {@code
 * drivers/md/dm-thin-metadata.c} and {@code persistent-data/dm-btree}): a superblock and trees of
 * blocks of 4096 bytes, each with its checksum. What is looked at is checked, and kept up to 1 MiB.
 */
final class ThinPool {

  static final int BLOCK = 4096;

  private static final long MAGIC = 27022010;
  private static final int SUPERBLOCK_SALT = 160774;
  private static final int NODE_SALT = 121107;
  private static final int INTERNAL = 1;
  private static final int LEAF = 2;
  private static final int HEADER = 32;
  private static final int DEEPEST = 16;
  private static final int KEPT = 256;
  private static final int NEEDS_CHECK = 1;

  private final BlockSource metadata;
  private final BlockSource data;
  private final long chunk;
  private final long root;
  private final Map<Long, ByteBuffer> kept =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Serial private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, ByteBuffer> eldest) {
          return size() > KEPT;
        }
      };

  /**
   * @param metadata what the trees lie in
   * @param data what their blocks lie in
   * @param chunk bytes of such a block, as the group has it
   * @param transaction what the group counts of changes to the pool
   * @param pending whether the last of them may not have got to the pool
   */
  ThinPool(BlockSource metadata, BlockSource data, long chunk, long transaction, boolean pending)
      throws VolumeProblem {
    this.metadata = metadata;
    this.data = data;
    this.chunk = chunk;
    ByteBuffer block;
    try {
      block = VolumeBytes.read(metadata, 0, BLOCK);
    } catch (UnreadableException e) {
      throw new VolumeProblem("the metadata of its pool cannot be read: " + e.problem());
    }
    VolumeProblem.unless(
        block != null && block.getLong(32) == MAGIC && isSound(block, 0, SUPERBLOCK_SALT),
        "the superblock of its pool is damaged");
    int version = block.getInt(40);
    VolumeProblem.unless(
        (version == 1 || version == 2) && block.getInt(360) == 0,
        "its pool is of a version or has features that are not known");
    VolumeProblem.unless(
        (block.getInt(4) & NEEDS_CHECK) == 0,
        "its pool is marked as to be checked: run thin_check");
    VolumeProblem.unless(
        (block.getInt(336) & 0xffffffffL) * 512 == chunk,
        "its pool has blocks of %d sectors, and its group tells of others",
        block.getInt(336));
    long noted = block.getLong(48);
    VolumeProblem.unless(
        noted == transaction || pending && noted == transaction - 1,
        "its pool is in transaction %d, and its group in %d",
        noted,
        transaction);
    root = block.getLong(320);
  }

  private static boolean isSound(ByteBuffer block, long number, int salt) {
    CRC32C crc = new CRC32C();
    crc.update(block.array(), 4, BLOCK - 4);
    return (~(int) crc.getValue() ^ salt) == block.getInt(0) && block.getLong(8) == number;
  }

  /** What a tree says of a key. */
  private record Found(boolean there, long value, long next) {}

  /**
   * A volume of the pool.
   *
   * @param device its number in the pool
   * @param below what is there where it has no block of its own
   */
  Layout volume(long device, Layout below) throws VolumeProblem {
    Found tree;
    try {
      tree = find(root, device);
    } catch (UnreadableException e) {
      throw new VolumeProblem(e.problem());
    }
    VolumeProblem.unless(
        tree.there, "its pool has no volume %d: it was never activated since it was made", device);
    long blocks = tree.value;
    return position -> at(blocks, position, below);
  }

  private Piece at(long blocks, long position, Layout below) {
    long number = position / chunk;
    long inside = position % chunk;
    Found found;
    try {
      found = find(blocks, number);
    } catch (UnreadableException e) {
      throw new UnreadableException("a thin volume", position, chunk - inside, e.problem(), e);
    }
    if (found.there) {
      long start = found.value >>> 24;
      if (start > data.size() / chunk - 1) {
        throw new UnreadableException(
            "a thin volume",
            position,
            chunk - inside,
            "its block %d lies behind the end of the pool".formatted(start),
            null);
      }
      return new Piece(data, start * chunk + inside, chunk - inside);
    }
    long next = Math.min(found.next, Long.MAX_VALUE / chunk);
    return Layouts.clip(below.at(position), next * chunk - position);
  }

  /** Looks a key up; where there is none, which is the next that there may be. */
  private Found find(long from, long key) {
    long block = from;
    long next = Long.MAX_VALUE;
    for (int depth = 0; depth < DEEPEST; depth++) {
      ByteBuffer node = node(block);
      int count = node.getInt(16);
      int most = node.getInt(20);
      int flags = node.getInt(4);
      if (count < 0
          || most < count
          || most > (BLOCK - HEADER) / 16
          || node.getInt(24) != 8
          || flags != INTERNAL && flags != LEAF) {
        throw damaged("a node of the metadata of a thin pool makes no sense");
      }
      int low = -1; // the last key that is not above
      int high = count;
      while (high - low > 1) {
        int middle = (low + high) >>> 1;
        if (Long.compareUnsigned(node.getLong(HEADER + 8 * middle), key) <= 0) {
          low = middle;
        } else {
          high = middle;
        }
      }
      if (high < count) {
        long above = node.getLong(HEADER + 8 * high);
        next = above < 0 ? next : Math.min(next, above);
      }
      if (low < 0) {
        return new Found(false, 0, next);
      }
      long value = node.getLong(HEADER + 8 * most + 8 * low);
      if (flags == LEAF) {
        return node.getLong(HEADER + 8 * low) == key
            ? new Found(true, value, next)
            : new Found(false, 0, next);
      }
      block = value;
    }
    throw damaged("a tree of the metadata of a thin pool is too deep");
  }

  private ByteBuffer node(long number) {
    synchronized (kept) {
      ByteBuffer node = kept.get(number);
      if (node != null) {
        return node;
      }
    }
    if (number <= 0 || number >= metadata.size() / BLOCK) {
      throw damaged("a tree of the metadata of a thin pool leads outside");
    }
    ByteBuffer node = VolumeBytes.read(metadata, number * BLOCK, BLOCK);
    if (node == null || !isSound(node, number, NODE_SALT)) {
      throw damaged("block %d of the metadata of a thin pool is damaged".formatted(number));
    }
    synchronized (kept) {
      kept.put(number, node);
    }
    return node;
  }

  private UnreadableException damaged(String problem) {
    return new UnreadableException("a thin volume", 0, 1, problem, null);
  }
}
