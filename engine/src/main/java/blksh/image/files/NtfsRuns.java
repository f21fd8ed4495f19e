package blksh.image.files;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Where the clusters of an attribute are. */
final class NtfsRuns implements FileRun.Map {

  /** More pieces of one file are not believed. */
  private static final int MOST = 1 << 20;

  private final NtfsRecords records;
  private final long number;
  private final long initialized;

  /** Three numbers a run: first cluster in the file, clusters, first cluster on the volume. */
  private long[] runs = new long[12];

  private int count;
  private long next;

  /**
   * @param initialized bytes that were ever written; what is after them reads as zeros
   */
  NtfsRuns(NtfsRecords records, long number, long initialized) {
    this.records = records;
    this.number = number;
    this.initialized = initialized;
  }

  /** Adds the runs of an attribute, which must follow those before. */
  void add(ByteBuffer record, int attribute) {
    int end = attribute + record.getInt(attribute + 4);
    int at = attribute + (record.getShort(attribute + 32) & 0xffff);
    if (record.getLong(attribute + 16) != next) {
      throw damage();
    }
    long cluster = 0;
    while (at < end && record.get(at) != 0) {
      int header = record.get(at++) & 0xff;
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
          || length > Long.MAX_VALUE / records.clusterSize() - next
          || !hole && (cluster < 0 || cluster > records.clusters() - length)) {
        throw damage();
      }
      add(length, hole ? FileRun.HOLE : cluster);
    }
  }

  private static long number(ByteBuffer record, int at, int bytes) {
    long value = record.get(at + bytes - 1);
    for (int i = bytes - 2; i >= 0; i--) {
      value = value << 8 | record.get(at + i) & 0xff;
    }
    return value;
  }

  private void add(long length, long cluster) {
    if (count == MOST) {
      throw damage();
    }
    if (3 * count == runs.length) {
      runs = Arrays.copyOf(runs, runs.length * 2);
    }
    runs[3 * count] = next;
    runs[3 * count + 1] = length;
    runs[3 * count + 2] = cluster;
    count++;
    next += length;
  }

  /** Bytes of the file that have a place. */
  long mapped() {
    return next * records.clusterSize();
  }

  @Override
  public FileRun at(long position) {
    if (position >= initialized) {
      return new FileRun(position, Long.MAX_VALUE - position, FileRun.HOLE);
    }
    int size = records.clusterSize();
    int run = find(position / size);
    if (run < 0) {
      throw damage();
    }
    long start = runs[3 * run] * size;
    long length = Math.min(runs[3 * run + 1] * size, initialized - start);
    long cluster = runs[3 * run + 2];
    return new FileRun(start, length, cluster == FileRun.HOLE ? FileRun.HOLE : cluster * size);
  }

  private int find(long cluster) {
    int low = 0;
    int high = count - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (runs[3 * middle] > cluster) {
        high = middle - 1;
      } else if (runs[3 * middle] + runs[3 * middle + 1] <= cluster) {
        low = middle + 1;
      } else {
        return middle;
      }
    }
    return -1;
  }

  private FileSystemDamageException damage() {
    return records
        .volume()
        .damage("the clusters of file record %d are not where they should be".formatted(number));
  }
}
