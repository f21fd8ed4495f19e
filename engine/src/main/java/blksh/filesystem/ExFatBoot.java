package blksh.filesystem;

import blksh.io.UnreadableException;

/**
 * The boot region of exFAT (Microsoft, "exFAT file system specification", 3) and the layout that
 * follows from it, in bytes. It is proven by its checksum; where the first one fails, its copy
 * serves.
 *
 * @param table where the allocation table in use begins
 * @param data where the first cluster is, whose number is 2
 * @param clusters how many there are
 * @param root the first cluster of the root directory
 */
record ExFatBoot(long table, long data, int clusterSize, long clusters, long root) {

  private static final String NAME = "EXFAT   ";
  private static final int SIGNATURE = 0xaa55;

  private static final int SMALLEST_SECTOR = 9;
  private static final int LARGEST_SECTOR = 12;

  /** Largest cluster, as a power of two of bytes. */
  private static final int LARGEST_CLUSTER = 25;

  /** Sectors of the region that the checksum in the one behind them is of. */
  private static final int CHECKED = 11;

  /** Sectors of a region. */
  static final int REGION = 12;

  private static final int ENTRY = Integer.BYTES;

  // Of the boot sector; what changes while it is mounted is in no checksum.
  private static final int FLAGS = 106;
  private static final int SECTOR_SHIFT = 108;
  private static final int PERCENT_IN_USE = 112;

  /**
   * @throws FileSystemDamageException when neither region can be believed
   */
  static ExFatBoot of(Volume volume) {
    for (int shift = SMALLEST_SECTOR; shift <= LARGEST_SECTOR; shift++) {
      ExFatBoot boot = of(volume, 0, shift);
      if (boot != null) {
        return boot;
      }
    }
    for (int shift = SMALLEST_SECTOR; shift <= LARGEST_SECTOR; shift++) {
      ExFatBoot boot = of(volume, (long) REGION << shift, shift);
      if (boot != null) {
        return boot;
      }
    }
    throw volume.damage("its boot region fails its checksum, and so does the copy of it");
  }

  /** What a region says; null when it cannot be read, or not be believed. */
  private static ExFatBoot of(Volume volume, long at, int shift) {
    try {
      return volume.read(at + SECTOR_SHIFT, 1).u8(0) == shift && isProven(volume, at, 1 << shift)
          ? of(volume, at)
          : null;
    } catch (FileSystemDamageException | UnreadableException e) {
      FileEntry.survived(e);
      return null;
    }
  }

  private static boolean isProven(Volume volume, long at, int sector) {
    Structure region = volume.read(at, REGION * sector);
    return region.has(3, NAME) && region.u16(510) == SIGNATURE && passesChecksum(region, sector);
  }

  /** Whether a region of {@link #REGION} sectors agrees with the checksum in its last. */
  static boolean passesChecksum(Structure region, int sector) {
    int sum = 0;
    for (int i = 0; i < CHECKED * sector; i++) {
      if (i != FLAGS && i != FLAGS + 1 && i != PERCENT_IN_USE) {
        sum = Integer.rotateRight(sum, 1) + region.u8(i);
      }
    }
    return region.i32(CHECKED * sector) == sum;
  }

  private static ExFatBoot of(Volume volume, long at) {
    Structure boot = volume.read(at, 512);
    long sector = 1L << boot.u8(SECTOR_SHIFT);
    int clusterShift = boot.u8(109);
    int tables = boot.u8(110);
    long sectors = boot.i64(72);
    long volumeLength = sectors < 0 || sectors > Long.MAX_VALUE / sector ? 0 : sectors * sector;
    long length = boot.u32(84) * sector;
    long table = boot.u32(80) * sector;
    long data = boot.u32(88) * sector;
    long clusters = boot.u32(92);
    long root = boot.u32(96);
    boolean sound =
        boot.u8(SECTOR_SHIFT) + clusterShift <= LARGEST_CLUSTER
            && (tables == 1 || tables == 2)
            && table > 0
            && clusters > 0
            && length >= (clusters + FatBootSector.FIRST_CLUSTER) * ENTRY
            && data >= table + tables * length
            && (clusters << boot.u8(SECTOR_SHIFT) + clusterShift) <= volumeLength - data
            && root >= FatBootSector.FIRST_CLUSTER
            && root < clusters + FatBootSector.FIRST_CLUSTER;
    if (!sound) {
      throw volume.damage("its boot sector contradicts itself");
    }
    // no chain is believed that is longer than the part of its table that is there
    long there = (volume.source().size() - table) / ENTRY - FatBootSector.FIRST_CLUSTER;
    if (there < 1) {
      throw volume.damage("it ends before its table of clusters");
    }
    // which table is in use stands in the first region only
    boolean second = at == 0 && tables == 2 && (boot.u16(FLAGS) & 1) != 0;
    return new ExFatBoot(
        second ? table + length : table,
        data,
        (int) (sector << clusterShift),
        Math.min(clusters, there),
        root);
  }
}
