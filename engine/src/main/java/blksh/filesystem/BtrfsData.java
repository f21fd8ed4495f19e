package blksh.filesystem;

import blksh.BlkshException;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The sectors of btrfs that hold data, each proven by its checksum; where a copy fails another
 * serves.
 */
final class BtrfsData {

  /** The object all checksums belong to. */
  private static final long SUMS = -10;

  private final Volume volume;
  private final BtrfsSuperblock superblock;
  private final BtrfsChunks chunks;
  private final BtrfsNodes nodes;
  private final BtrfsCopies copies;
  private final int sector;

  /** The tree of checksums, once it was looked for. */
  private BtrfsNodes.Root tree;

  BtrfsData(
      Volume volume,
      BtrfsSuperblock superblock,
      BtrfsChunks chunks,
      BtrfsNodes nodes,
      BtrfsCopies copies) {
    this.volume = volume;
    this.superblock = superblock;
    this.chunks = chunks;
    this.nodes = nodes;
    this.copies = copies;
    this.sector = superblock.sectorSize();
  }

  /**
   * What became of a read.
   *
   * @param right bytes that are right, from the beginning on
   * @param problem what is wrong with the sector after them, a sentence; null where there is none
   */
  record Outcome(int right, String problem) {}

  /**
   * Reads whole sectors.
   *
   * @param logical address of the first
   * @param length bytes
   * @param summed whether they have checksums
   */
  Outcome read(long logical, byte[] into, int length, boolean summed) {
    BtrfsChunks.Chunk chunk = chunks.of(logical, length);
    if (chunk == null) {
      return new Outcome(0, "it lies outside the chunks, at address %d".formatted(logical));
    }
    byte[] sums = summed ? sums(logical, length) : null;
    long first = chunk.copies().get(0) + (logical - chunk.logical());
    boolean read = reads(first, into, 0, length) == null;
    for (int at = 0; at < length; at += sector) {
      if (read && (sums == null || proves(into, at, sums))) {
        continue;
      }
      String problem = sector(chunk, logical + at, into, at, sums);
      if (problem != null) {
        return new Outcome(at, problem);
      }
    }
    return new Outcome(length, null);
  }

  /** Reads a sector from whichever copy is right. @return what is wrong with the first, or null */
  private String sector(BtrfsChunks.Chunk chunk, long logical, byte[] into, int at, byte[] sums) {
    String first = null;
    for (long copy : chunk.copies()) {
      long from = copy + (logical - chunk.logical());
      String problem = reads(from, into, at, sector);
      if (problem == null && sums != null && !proves(into, at, sums)) {
        problem = "the data at byte %d fails its checksum".formatted(from);
      }
      if (problem == null) {
        if (first != null) {
          copies.sectorServed(first);
        }
        return null;
      }
      first = first == null ? problem : first;
    }
    return first;
  }

  /**
   * @return why it cannot be read, or null
   */
  private String reads(long from, byte[] into, int at, int length) {
    if (from > volume.source().size() - length) {
      return "it lies at byte %d, where the volume has nothing".formatted(from);
    }
    try {
      volume.source().read(from, ByteBuffer.wrap(into, at, length));
      return null;
    } catch (UnreadableException e) {
      return FileEntry.survived(e).problem();
    }
  }

  private boolean proves(byte[] data, int at, byte[] sums) {
    BtrfsChecksum kind = superblock.checksum();
    int sum = at / sector * kind.length();
    byte[] found = kind.of(data, at, sector);
    return Arrays.equals(found, 0, found.length, sums, sum, sum + found.length);
  }

  private synchronized BtrfsNodes.Root tree() {
    if (tree == null) {
      tree = nodes.root(BtrfsNodes.SUMS);
    }
    return tree;
  }

  /** The checksums of sectors, one after the other. */
  private byte[] sums(long logical, int length) {
    int each = superblock.checksum().length();
    ByteBuffer sums = ByteBuffer.allocate(length / sector * each);
    while (sums.hasRemaining()) {
      long wanted = logical + (long) (sums.position() / each) * sector;
      BtrfsItem item = nodes.last(tree(), new BtrfsKey(SUMS, BtrfsKey.SUMS, wanted));
      if (item == null || !item.key().is(SUMS, BtrfsKey.SUMS)) {
        throw noSum(wanted);
      }
      long skipped = (wanted - item.key().offset()) / sector;
      if (skipped < 0 || skipped >= item.length() / each) {
        throw noSum(wanted);
      }
      int from = (int) skipped * each;
      int count = Math.min(sums.remaining(), item.length() / each * each - from);
      sums.put(item.bytes(from, count));
    }
    return sums.array();
  }

  private BlkshException noSum(long address) {
    return volume.damage(
        "the data at address %d should have a checksum, and has none".formatted(address));
  }
}
