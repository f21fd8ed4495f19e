package blksh.filesystem;

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

  private static final int REGION = 12;
  private static final int ENTRY = Integer.BYTES;

  // Of the boot sector; what changes while it is mounted is in no checksum.
  private static final int FLAGS = 106;
  private static final int SECTOR_SHIFT = 108;
  private static final int PERCENT_IN_USE = 112;

  /**
   * @throws FileSystemDamageException when neither region can be believed
   */
  static ExFatBoot of(Volume volume) {
    int shift = volume.read(SECTOR_SHIFT, 1).u8(0);
    if (isSector(shift) && isProven(volume, 0, 1 << shift)) {
      return of(volume, 0);
    }
    for (int other = SMALLEST_SECTOR; other <= LARGEST_SECTOR; other++) {
      long copy = (long) REGION << other;
      if (volume.source().size() >= 2 * copy
          && volume.read(copy + SECTOR_SHIFT, 1).u8(0) == other
          && isProven(volume, copy, 1 << other)) {
        return of(volume, copy);
      }
    }
    throw volume.damage("its boot region fails its checksum, and so does the copy of it");
  }

  private static boolean isSector(int shift) {
    return shift >= SMALLEST_SECTOR && shift <= LARGEST_SECTOR;
  }

  private static boolean isProven(Volume volume, long at, int sector) {
    Structure region = volume.read(at, REGION * sector);
    int sum = 0;
    for (int i = 0; i < CHECKED * sector; i++) {
      if (i != FLAGS && i != FLAGS + 1 && i != PERCENT_IN_USE) {
        sum = Integer.rotateRight(sum, 1) + region.u8(i);
      }
    }
    return region.has(3, NAME)
        && region.u16(510) == SIGNATURE
        && region.i32(CHECKED * sector) == sum;
  }

  private static ExFatBoot of(Volume volume, long at) {
    Structure boot = volume.read(at, 512);
    long sector = 1L << boot.u8(SECTOR_SHIFT);
    int clusterShift = boot.u8(109);
    int tables = boot.u8(110);
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
            && root >= FatBootSector.FIRST_CLUSTER
            && root < clusters + FatBootSector.FIRST_CLUSTER;
    if (!sound) {
      throw volume.damage("its boot sector contradicts itself");
    }
    boolean second = tables == 2 && (boot.u16(FLAGS) & 1) != 0;
    return new ExFatBoot(
        second ? table + length : table, data, (int) (sector << clusterShift), clusters, root);
  }
}
