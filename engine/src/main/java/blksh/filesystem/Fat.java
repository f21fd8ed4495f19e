package blksh.filesystem;

import blksh.block.BlockSource;
import java.util.Arrays;

/**
 * FAT12, FAT16 and FAT32 (Microsoft, "FAT: General Overview of On-Disk Format"; dirty bits as Linux
 * and Windows set them). A cluster is free when its entry in the table is 0. Both copies of the
 * table must be the same, and agree with the free count when there is one.
 */
final class Fat implements FileSystem {

  private static final int FAT12_CLUSTERS = 4085;
  private static final int FAT16_CLUSTERS = 65525;
  private static final int CHUNK = 1 << 20;
  private static final long UNKNOWN = 0xffffffffL;

  @Override
  public String recognise(Bytes head) {
    return head.u16(510) == 0xaa55 && (head.has(0x36, "FAT") || head.has(0x52, "FAT32"))
        ? "vfat"
        : null;
  }

  @Override
  public FreeRanges free(BlockSource source, Bytes head) throws Unmapped {
    int sector = head.u16(11);
    int perCluster = head.u8(13);
    int reserved = head.u16(14);
    int copies = head.u8(16);
    long roots = (head.u16(17) * 32L + sector - 1) / Math.max(1, sector);
    boolean fat32 = head.u16(22) == 0;
    long table = fat32 ? head.u32(36) : head.u16(22);
    long sectors = head.u16(19) == 0 ? head.u32(32) : head.u16(19);
    Unmapped.unless(
        Integer.bitCount(sector) == 1
            && sector >= 512
            && sector <= 4096
            && Integer.bitCount(perCluster) == 1
            && reserved > 0
            && copies > 0
            && table > 0
            && sectors * sector <= source.size(),
        "its boot sector makes no sense");
    long data = reserved + copies * table + roots;
    long clusters = (sectors - data) / perCluster;
    Unmapped.unless(clusters > 0, "its boot sector makes no sense");
    int bits = fat32 ? 32 : clusters < FAT12_CLUSTERS ? 12 : 16;
    Unmapped.unless(
        (bits == 32 || clusters < FAT16_CLUSTERS) && table * sector * 8 >= (clusters + 2) * bits,
        "its boot sector makes no sense");
    Unmapped.unless(
        (head.u8(fat32 ? 0x41 : 0x25) & 1) == 0, "it was not unmounted cleanly (boot sector)");
    int active = 0;
    int compared = copies;
    if (fat32 && (head.u16(40) & 0x80) != 0) {
      active = head.u16(40) & 0xf;
      Unmapped.unless(active < copies, "its active table does not exist");
      compared = 1;
    }
    Table entries = new Table(source, (reserved + active * table) * sector, table * sector, bits);
    entries.checkClean();
    for (int copy = 1; copy < compared; copy++) {
      long other = (reserved + copy * table) * sector;
      entries.compare(other, (clusters + 2) * bits / 8);
    }
    FreeRanges free = new FreeRanges();
    long found = 0;
    long size = (long) perCluster * sector;
    for (long cluster = 0; cluster < clusters; cluster++) {
      if (entries.get(cluster + 2) == 0) {
        free.add(data * sector + cluster * size, data * sector + (cluster + 1) * size);
        found++;
      }
    }
    if (fat32) {
      checkCount(source, head, sector, found);
    }
    return free;
  }

  private static void checkCount(BlockSource source, Bytes head, int sector, long found)
      throws Unmapped {
    int info = head.u16(48);
    if (info == 0 || info == 0xffff) {
      return;
    }
    Bytes bytes = Bytes.read(source, (long) info * sector, 512);
    long counted = bytes.u32(488);
    if (bytes.u32(0) == 0x41615252L && bytes.u32(484) == 0x61417272L && counted != UNKNOWN) {
      Unmapped.unless(
          counted == found,
          "%d clusters are free, but its information sector tells of %d",
          found,
          counted);
    }
  }

  /** A table read in pieces; entries are asked for in order. */
  private static final class Table {
    private final BlockSource source;
    private final long start;
    private final long length;
    private final int bits;
    private long loaded = -1;
    private Bytes chunk;

    Table(BlockSource source, long start, long length, int bits) {
      this.source = source;
      this.start = start;
      this.length = length;
      this.bits = bits;
    }

    long get(long entry) throws Unmapped {
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
        chunk = Bytes.read(source, start + wanted, (int) Math.min(CHUNK, length - wanted));
        loaded = wanted;
      }
    }

    /** The two bits in the second entry, set while all is well; FAT12 has none. */
    void checkClean() throws Unmapped {
      long entry = get(1);
      boolean clean =
          switch (bits) {
            case 16 -> (entry & 0xc000) == 0xc000;
            case 32 -> (entry & 0x0c000000) == 0x0c000000;
            default -> true;
          };
      Unmapped.unless(clean, "it was not unmounted cleanly (first table)");
    }

    void compare(long other, long bytes) throws Unmapped {
      for (long at = 0; at < bytes; at += CHUNK) {
        int count = (int) Math.min(CHUNK, bytes - at);
        byte[] one = Bytes.read(source, start + at, count).array();
        byte[] two = Bytes.read(source, other + at, count).array();
        Unmapped.unless(Arrays.equals(one, two), "the copies of its table differ");
      }
    }
  }
}
