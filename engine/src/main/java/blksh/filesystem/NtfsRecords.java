package blksh.filesystem;

import java.nio.ByteBuffer;

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

  static NtfsRecords open(Volume volume, NtfsBootSector boot) {
    if (!boot.isSound()) {
      throw volume.damage("its boot sector contradicts itself");
    }
    NtfsRecords records =
        new NtfsRecords(volume, (int) boot.clusterSize(), boot.clusters(), (int) boot.recordSize());
    records.openTable(boot.masterTable() * boot.clusterSize());
    return records;
  }

  /** The table describes itself in its first record. */
  private void openTable(long at) {
    FileRun first = new FileRun(0, recordSize, at);
    table = new FileContent(volume, "$MFT", recordSize, position -> first);
    // Its own map may continue in other records, which are found with what is known of it so far.
    NtfsRecord record = read(0);
    table = record.firstPart(NtfsRecord.DATA, "$MFT");
    table = (FileContent) record.content(NtfsRecord.DATA, "", "$MFT");
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
    Structure record = Structure.of(new byte[recordSize]);
    table.read(number * recordSize, ByteBuffer.wrap(record.bytes()));
    if (!mend(record, "FILE") || (record.u16(0x16) & IN_USE) == 0) {
      throw volume.damage("file record %d is damaged".formatted(number));
    }
    return new NtfsRecord(this, number, record);
  }

  /**
   * Puts back the bytes that were replaced by marks.
   *
   * @return whether the structure begins as it should and every mark was there
   */
  static boolean mend(Structure structure, String magic) {
    int at = structure.u16(4);
    int count = structure.u16(6);
    if (!structure.has(0, magic)
        || (count - 1) * MARKED != structure.length()
        || at + count * 2 > structure.length()) {
      return false;
    }
    int mark = structure.u16(at);
    for (int i = 1; i < count; i++) {
      int end = i * MARKED - 2;
      if (structure.u16(end) != mark) {
        return false;
      }
      structure.putU16(end, structure.u16(at + i * 2));
    }
    return true;
  }
}
