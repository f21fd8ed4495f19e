package blksh.filesystem;

/**
 * The boot sector of NTFS (the layout as ntfs-3g documents it in {@code layout.h}). Numbers are as
 * they stand there.
 *
 * @param sectorSize bytes
 * @param clusterSize bytes
 * @param sectors of the whole volume
 * @param masterTable the first cluster of the master file table
 * @param recordSize bytes of a record in it
 */
record NtfsBootSector(
    int sectorSize, long clusterSize, long sectors, long masterTable, long recordSize) {

  static final int LENGTH = 512;

  private static final long LARGEST_CLUSTER = 2 << 20;

  static boolean isMarked(Head head) {
    return head.has(3, "NTFS    ");
  }

  static NtfsBootSector of(Structure bytes) {
    int sectorSize = bytes.u16(11);
    // More than 128 sectors, and small records, are written as negated powers of two.
    int coded = bytes.u8(13);
    long clusterSize = (long) sectorSize * (coded > 128 ? 1L << Math.min(256 - coded, 31) : coded);
    int size = bytes.i8(0x40);
    long recordSize = size < 0 ? 1L << Math.min(-size, 31) : size * clusterSize;
    return new NtfsBootSector(
        sectorSize, clusterSize, bytes.i64(0x28), bytes.i64(0x30), recordSize);
  }

  /** Whether all of it can be. */
  boolean isSound() {
    return sectorSize >= 256
        && sectorSize <= 4096
        && Integer.bitCount(sectorSize) == 1
        && clusterSize >= sectorSize
        && clusterSize <= LARGEST_CLUSTER
        && Long.bitCount(clusterSize) == 1
        && sectors > 0
        && sectors < Long.MAX_VALUE / sectorSize
        && recordSize >= 512
        && recordSize <= 65536
        && Long.bitCount(recordSize) == 1
        && masterTable > 0
        && masterTable < clusters();
  }

  long clusters() {
    return sectors * sectorSize / clusterSize;
  }
}
