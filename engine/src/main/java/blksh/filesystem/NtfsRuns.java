package blksh.filesystem;

/** Where the clusters of an attribute are. */
final class NtfsRuns implements FileRun.Map {

  /** More pieces of one file are not believed. */
  private static final int MOST = 1 << 20;

  private final NtfsRecords records;
  private final long number;
  private final long initialized;

  private final LongRuns runs = new LongRuns();

  /**
   * @param initialized bytes that were ever written; what is after them reads as zeros
   */
  NtfsRuns(NtfsRecords records, long number, long initialized) {
    this.records = records;
    this.number = number;
    this.initialized = initialized;
  }

  /** Adds the runs of an attribute, which must follow those before. */
  void add(Structure record, int attribute) {
    int end = attribute + record.i32(attribute + 4);
    int at = attribute + record.u16(attribute + 32);
    int size = records.clusterSize();
    if (record.i64(attribute + 16) != mapped() / size) {
      throw damage();
    }
    long cluster = 0;
    while (at < end && record.u8(at) != 0) {
      int header = record.u8(at++);
      int lengthBytes = header & 0xf;
      int offsetBytes = header >> 4;
      if (lengthBytes < 1
          || lengthBytes > 8
          || offsetBytes > 8
          || at + lengthBytes + offsetBytes > end) {
        throw damage();
      }
      long length = number(record, at, lengthBytes);
      at += lengthBytes;
      cluster += offsetBytes == 0 ? 0 : number(record, at, offsetBytes);
      boolean hole = offsetBytes == 0;
      at += offsetBytes;
      if (length <= 0
          || length > (Long.MAX_VALUE - mapped()) / size
          || runs.count() == MOST
          || !hole && (cluster < 0 || cluster > records.clusters() - length)) {
        throw damage();
      }
      runs.add(length * size, hole ? FileRun.HOLE : cluster * size);
    }
  }

  private static long number(Structure record, int at, int bytes) {
    long value = record.i8(at + bytes - 1);
    for (int i = bytes - 2; i >= 0; i--) {
      value = value << 8 | record.u8(at + i);
    }
    return value;
  }

  int count() {
    return runs.count();
  }

  FileRun get(int number) {
    return runs.get(number);
  }

  /** Bytes of the file that have a place. */
  long mapped() {
    return runs.length();
  }

  /** The run that has a byte, whether it was ever written or not; null behind the last. */
  FileRun mapped(long position) {
    return runs.find(position);
  }

  @Override
  public FileRun at(long position) {
    if (position >= initialized) {
      return new FileRun(position, Long.MAX_VALUE - position, FileRun.HOLE);
    }
    FileRun run = runs.find(position);
    if (run == null) {
      throw damage();
    }
    return new FileRun(run.start(), Math.min(run.length(), initialized - run.start()), run.at());
  }

  private FileSystemDamageException damage() {
    return records
        .volume()
        .damage("the clusters of file record %d are not where they should be".formatted(number));
  }
}
