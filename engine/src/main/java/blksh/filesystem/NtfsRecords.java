package blksh.filesystem;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The master file table: a record a file, and more for files that need it. */
final class NtfsRecords {

  /** The unit whose last two bytes are replaced by a mark on disk. */
  private static final int MARKED = 512;

  private static final int IN_USE = 1;

  private final Volume volume;
  private final int clusterSize;
  private final long clusters;
  private final int recordSize;
  private FileContent table;

  private NtfsRecords(Volume volume, int clusterSize, long clusters, int recordSize) {
    this.volume = volume;
    this.clusterSize = clusterSize;
    this.clusters = clusters;
    this.recordSize = recordSize;
  }

  static NtfsRecords open(Volume volume, ByteBuffer boot) {
    int sector = boot.getShort(11) & 0xffff;
    int coded = boot.get(13);
    long clusterSize = (long) sector * (coded < 0 ? 1L << Math.min(-coded, 31) : coded);
    long total = boot.getLong(0x28);
    long table = boot.getLong(0x30);
    int size = boot.get(0x40);
    long recordSize = size < 0 ? 1L << Math.min(-size, 31) : size * clusterSize;
    boolean sound =
        sector >= 256
            && sector <= 4096
            && Integer.bitCount(sector) == 1
            && clusterSize >= 512
            && clusterSize <= 2 << 20
            && Long.bitCount(clusterSize) == 1
            && total > 0
            && total < Long.MAX_VALUE / sector
            && recordSize >= 512
            && recordSize <= 65536
            && Long.bitCount(recordSize) == 1
            && table > 0
            && table < total * sector / clusterSize;
    if (!sound) {
      throw volume.damage("its boot sector contradicts itself");
    }
    NtfsRecords records =
        new NtfsRecords(volume, (int) clusterSize, total * sector / clusterSize, (int) recordSize);
    records.openTable(table * clusterSize);
    return records;
  }

  /** The table describes itself in its first record. */
  private void openTable(long at) {
    FileRun first = new FileRun(0, recordSize, at);
    table = new FileContent(volume, "$MFT", recordSize, position -> first);
    // Its own map may continue in other records, which are found with what is known of it so far.
    NtfsRecord record = read(0);
    table = record.firstPart(0x80, "$MFT");
    table = (FileContent) record.content(0x80, "", "$MFT");
  }

  Volume volume() {
    return volume;
  }

  int clusterSize() {
    return clusterSize;
  }

  long clusters() {
    return clusters;
  }

  int recordSize() {
    return recordSize;
  }

  /**
   * A record in use.
   *
   * @throws FileSystemDamageException when there is none of that number, or it is damaged
   */
  NtfsRecord read(long number) {
    if (number < 0 || number >= table.size() / recordSize) {
      throw volume.damage("there is no file record %d".formatted(number));
    }
    ByteBuffer record = ByteBuffer.allocate(recordSize).order(ByteOrder.LITTLE_ENDIAN);
    table.read(number * recordSize, record);
    if (!mend(record, "FILE") || (record.getShort(0x16) & IN_USE) == 0) {
      throw volume.damage("file record %d is damaged".formatted(number));
    }
    return new NtfsRecord(this, number, record);
  }

  /**
   * Puts back the bytes that were replaced by marks.
   *
   * @return whether the structure begins as it should and every mark was there
   */
  static boolean mend(ByteBuffer structure, String magic) {
    byte[] start = new byte[4];
    structure.get(0, start);
    int at = structure.getShort(4) & 0xffff;
    int count = structure.getShort(6) & 0xffff;
    if (!new String(start, StandardCharsets.US_ASCII).equals(magic)
        || (count - 1) * MARKED != structure.capacity()
        || at + count * 2 > structure.capacity()) {
      return false;
    }
    short mark = structure.getShort(at);
    for (int i = 1; i < count; i++) {
      int end = i * MARKED - 2;
      if (structure.getShort(end) != mark) {
        return false;
      }
      structure.putShort(end, structure.getShort(at + i * 2));
    }
    return true;
  }
}
