package blksh.filesystem;

/**
 * The boot sector of FAT12, FAT16 and FAT32 (Microsoft, "FAT: General Overview of On-Disk Format")
 * and the layout that follows from it. Numbers are as they stand there: whoever uses them makes
 * sure first that they can be.
 *
 * @param reserved sectors before the first table
 * @param copies of the table
 * @param rootEntries in the root directory where that is no chain of clusters
 * @param sectors of the whole file system
 * @param tableSectors sectors of one copy of the table
 */
record FatBootSector(
    Structure bytes,
    int sectorSize,
    int perCluster,
    int reserved,
    int copies,
    int rootEntries,
    long sectors,
    long tableSectors) {

  static final int LENGTH = 512;

  /** Bytes of a directory entry. */
  static final int ENTRY = 32;

  /** The number of the first cluster. */
  static final int FIRST_CLUSTER = 2;

  private static final int SIGNATURE = 0xaa55;
  private static final int FAT12_CLUSTERS = 4085;
  private static final int FAT16_CLUSTERS = 65525;

  /** Whether it calls itself FAT, or has what only FAT has. */
  static boolean isMarked(Head head) {
    return of(head.at(0, LENGTH)).isNamed() || isPlausible(head);
  }

  /** Whether the fields are what only FAT has. */
  static boolean isPlausible(Head head) {
    FatBootSector boot = of(head.at(0, LENGTH));
    int media = boot.bytes.u8(21);
    int jump = boot.bytes.u8(0);
    return (boot.isSigned() || jump == 0xeb || jump == 0xe9)
        && boot.hasSizes()
        && boot.copies <= 4
        && (media == 0xf0 || media >= 0xf8)
        && boot.clusters() >= 1;
  }

  static FatBootSector of(Structure bytes) {
    return new FatBootSector(
        bytes,
        bytes.u16(11),
        bytes.u8(13),
        bytes.u16(14),
        bytes.u8(16),
        bytes.u16(17),
        bytes.u16(19) != 0 ? bytes.u16(19) : bytes.u32(32),
        bytes.u16(22) != 0 ? bytes.u16(22) : bytes.u32(36));
  }

  private boolean isSigned() {
    return bytes.u16(510) == SIGNATURE;
  }

  /** Whether it calls itself FAT. */
  boolean isNamed() {
    return isSigned() && (bytes.has(0x36, "FAT") || bytes.has(0x52, "FAT32"));
  }

  /** Whether sectors, clusters and tables have sizes that there are; the rest asks for that. */
  boolean hasSizes() {
    return Integer.bitCount(sectorSize) == 1
        && sectorSize >= 512
        && sectorSize <= 4096
        && Integer.bitCount(perCluster) == 1
        && reserved > 0
        && copies > 0
        && tableSectors > 0;
  }

  /** Whether only the larger field says how long a table is, as in FAT32. */
  boolean isFat32() {
    return bytes.u16(22) == 0;
  }

  /** Bits of an entry in the table: 12, 16 or 32. */
  int bits() {
    if (isFat32() || clusters() >= FAT16_CLUSTERS) {
      return 32;
    }
    return clusters() < FAT12_CLUSTERS ? 12 : 16;
  }

  int clusterSize() {
    return sectorSize * perCluster;
  }

  /** Clusters there are; below 1 when it contradicts itself. */
  long clusters() {
    return (sectors - dataSector()) / perCluster;
  }

  private long dataSector() {
    long root = ((long) rootEntries * ENTRY + sectorSize - 1) / sectorSize;
    return reserved + copies * tableSectors + root;
  }

  /** The byte of a copy of the table, the first being 0. */
  long table(int copy) {
    return (reserved + copy * tableSectors) * sectorSize;
  }

  /** The copy of the table that is right: in FAT32 it may be one, and the others left behind. */
  int activeTable() {
    int flags = bytes.u16(40);
    boolean one = isFat32() && (flags & 0x80) != 0 && (flags & 0xf) < copies;
    return one ? flags & 0xf : 0;
  }

  /** Bytes of a copy of the table. */
  long tableLength() {
    return tableSectors * sectorSize;
  }

  /** The byte of the root directory where that is no chain of clusters. */
  long root() {
    return table(copies);
  }

  /** The byte of the first cluster. */
  long data() {
    return dataSector() * sectorSize;
  }

  /** The first cluster of the root directory in FAT32. */
  long rootCluster() {
    return bytes.u32(44) & 0x0fffffff;
  }
}
