package blksh.filesystem;

import blksh.block.BlockSource;
import java.util.Arrays;

/**
 * The table of a FAT file system read from its beginning to its end (dirty bits as Linux and
 * Windows set them). A cluster is free when its entry is 0. All copies must be the same, and agree
 * with the free count when there is one.
 */
final class FatTable {

  private static final int CHUNK = 1 << 20;
  private static final long UNKNOWN = 0xffffffffL;
  private static final String NONSENSE = "its boot sector makes no sense";

  private final BlockSource source;
  private final long start;
  private final long length;
  private final int bits;
  private long loaded = -1;
  private Structure chunk;

  private FatTable(BlockSource source, long start, long length, int bits) {
    this.source = source;
    this.start = start;
    this.length = length;
    this.bits = bits;
  }

  static FreeRanges free(BlockSource source, FatBootSector boot) throws Unmapped {
    Unmapped.unless(
        boot.isNamed() && boot.hasSizes() && boot.sectors() * boot.sectorSize() <= source.size(),
        NONSENSE);
    long clusters = boot.clusters();
    Unmapped.unless(clusters > 0, NONSENSE);
    int bits = boot.bits();
    long entries = clusters + FatBootSector.FIRST_CLUSTER;
    boolean fat32 = boot.isFat32();
    Unmapped.unless((bits == 32) == fat32 && boot.tableLength() * 8 >= entries * bits, NONSENSE);
    Structure bytes = boot.bytes();
    Unmapped.unless(
        (bytes.u8(fat32 ? 0x41 : 0x25) & 1) == 0, "it was not unmounted cleanly (boot sector)");
    int active = 0;
    int compared = boot.copies();
    if (fat32 && (bytes.u16(40) & 0x80) != 0) {
      active = bytes.u16(40) & 0xf;
      Unmapped.unless(active < boot.copies(), "its active table does not exist");
      compared = 1;
    }
    FatTable table = new FatTable(source, boot.table(active), boot.tableLength(), bits);
    table.checkClean();
    for (int copy = 1; copy < compared; copy++) {
      table.compare(boot.table(copy), entries * bits / 8);
    }
    FreeRanges free = new FreeRanges();
    long found = 0;
    long size = boot.clusterSize();
    for (long cluster = 0; cluster < clusters; cluster++) {
      if (table.get(cluster + FatBootSector.FIRST_CLUSTER) == 0) {
        free.add(boot.data() + cluster * size, boot.data() + (cluster + 1) * size);
        found++;
      }
    }
    if (fat32) {
      checkCount(source, boot, found);
    }
    return free;
  }

  private static void checkCount(BlockSource source, FatBootSector boot, long found)
      throws Unmapped {
    int info = boot.bytes().u16(48);
    if (info == 0 || info == 0xffff) {
      return;
    }
    Structure bytes = Structure.read(source, (long) info * boot.sectorSize(), 512);
    long counted = bytes.u32(488);
    if (bytes.u32(0) == 0x41615252L && bytes.u32(484) == 0x61417272L && counted != UNKNOWN) {
      Unmapped.unless(
          counted == found,
          "%d clusters are free, but its information sector tells of %d",
          found,
          counted);
    }
  }

  /** An entry; asked for in order. */
  private long get(long entry) throws Unmapped {
    if (bits == 12) {
      long at = entry * 3 / 2;
      int pair = byteAt(at) | byteAt(at + 1) << 8;
      return (entry & 1) == 0 ? pair & 0xfff : pair >> 4;
    }
    if (bits == 16) {
      load(entry * 2);
      return chunk.u16((int) (entry * 2 - loaded));
    }
    load(entry * 4);
    return chunk.u32((int) (entry * 4 - loaded)) & 0x0fffffff;
  }

  private int byteAt(long at) throws Unmapped {
    load(at);
    return chunk.u8((int) (at - loaded));
  }

  private void load(long at) throws Unmapped {
    long wanted = at / CHUNK * CHUNK;
    if (wanted != loaded) {
      chunk = Structure.read(source, start + wanted, (int) Math.min(CHUNK, length - wanted));
      loaded = wanted;
    }
  }

  /** The two bits in the second entry, set while all is well; FAT12 has none. */
  private void checkClean() throws Unmapped {
    long entry = get(1);
    boolean clean =
        switch (bits) {
          case 16 -> (entry & 0xc000) == 0xc000;
          case 32 -> (entry & 0x0c000000) == 0x0c000000;
          default -> true;
        };
    Unmapped.unless(clean, "it was not unmounted cleanly (first table)");
  }

  private void compare(long other, long bytes) throws Unmapped {
    for (long at = 0; at < bytes; at += CHUNK) {
      int count = (int) Math.min(CHUNK, bytes - at);
      byte[] one = Structure.read(source, start + at, count).bytes();
      byte[] two = Structure.read(source, other + at, count).bytes();
      Unmapped.unless(Arrays.equals(one, two), "the copies of its table differ");
    }
  }
}
