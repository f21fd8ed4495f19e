package blksh.image;

import blksh.BlkshException;
import blksh.filesystem.Structure;
import java.util.Arrays;

/**
 * Which clusters an ntfsclone image stores and where. The image has no map, only records between
 * the clusters, so they are read in order; as far as was asked for, and never twice.
 */
final class ClusterRuns implements BlockIndex, Layout {

  private static final int GAP = 0;
  private static final int NEXT = 1;
  private static final int GAP_RECORD = 9;
  private static final int BUFFER = 64 << 10;

  /**
   * Stored clusters in a row: a reader sees a run of an index below {@code count} as it was or
   * longer.
   */
  private record Runs(
      int count, long[] start, long[] length, long[] rank, long[] offset, long scanned) {

    long used() {
      return count == 0 ? 0 : rank[count - 1] + length[count - 1];
    }
  }

  private final ImageFile file;
  private final int clusterSize;

  /** Clusters of the volume; behind them may be the sector with its second boot record. */
  private final long clusters;

  private final long deviceSize;
  private final long claimedUsed;
  private final boolean tolerant;
  private volatile Runs runs;
  private volatile boolean cutShort;

  private final byte[] buffer = new byte[BUFFER];
  private long bufferFrom;
  private int buffered;
  private long position;

  /**
   * @param start first byte behind the header
   * @param claimedUsed clusters in use as the header has it
   */
  ClusterRuns(
      ImageFile file,
      long start,
      int clusterSize,
      long clusters,
      long deviceSize,
      long claimedUsed,
      boolean tolerant) {
    this.file = file;
    this.position = start;
    this.clusterSize = clusterSize;
    this.clusters = clusters;
    this.deviceSize = deviceSize;
    this.claimedUsed = claimedUsed;
    this.tolerant = tolerant;
    this.runs = new Runs(0, new long[16], new long[16], new long[16], new long[16], 0);
  }

  @Override
  public long blocks() {
    return deviceSize > clusters * clusterSize ? clusters + 1 : clusters;
  }

  @Override
  public long used() {
    return scanned(blocks()).used();
  }

  /** Whether the image ended early and that was allowed. */
  boolean cutShort() {
    return cutShort;
  }

  @Override
  public long rank(long block) {
    Runs known = scanned(Math.min(blocks(), block + 1));
    int run = find(known.start, known.count, block);
    return run < 0 ? 0 : known.rank[run] + Math.min(known.length[run], block - known.start[run]);
  }

  @Override
  public long block(long rank) {
    Runs known = runs;
    if (rank >= known.used()) {
      known = scanned(blocks());
    }
    int run = find(known.rank, known.count, rank);
    return known.start[run] + rank - known.rank[run];
  }

  @Override
  public long nextUsed(long from, long limit) {
    if (from >= limit) {
      return limit;
    }
    for (long until = from + 1; ; ) {
      Runs known = scanned(until);
      int run = find(known.start, known.count, from);
      if (run >= 0 && from < known.start[run] + known.length[run]) {
        return from;
      }
      if (run + 1 < known.count) {
        return Math.min(limit, known.start[run + 1]);
      }
      if (known.scanned >= limit) {
        return limit;
      }
      until = known.scanned + 1;
    }
  }

  @Override
  public long nextUnused(long from, long limit) {
    long at = from;
    while (at < limit) {
      Runs known = scanned(at + 1);
      int run = find(known.start, known.count, at);
      if (run < 0 || at >= known.start[run] + known.length[run]) {
        return at;
      }
      at = known.start[run] + known.length[run];
    }
    return limit;
  }

  @Override
  public long offset(long rank) {
    Runs known = runs;
    int run = find(known.rank, known.count, rank);
    return known.offset[run] + (rank - known.rank[run]) * (clusterSize + 1L) + 1;
  }

  @Override
  public long adjacent(long rank) {
    return 1;
  }

  /** The last of the first {@code count} values that is not above {@code value}, or -1. */
  private static int find(long[] values, int count, long value) {
    int found = Arrays.binarySearch(values, 0, count, value);
    return found >= 0 ? found : -found - 2;
  }

  /** What is known, at least of the clusters before {@code until}. */
  private Runs scanned(long until) {
    Runs known = runs;
    return known.scanned >= until ? known : scan(until);
  }

  private synchronized Runs scan(long until) {
    while (runs.scanned < until) {
      record();
    }
    return runs;
  }

  private void record() {
    long cluster = runs.scanned;
    int available = fill(position, GAP_RECORD);
    if (available == 0) {
      end(cluster);
      return;
    }
    int kind = buffer[(int) (position - bufferFrom)];
    if (kind == NEXT) {
      long payload = Math.min(clusterSize, deviceSize - cluster * clusterSize);
      if (isMissing(position + payload)) {
        truncated(cluster);
        return;
      }
      add(cluster, position);
      position += 1 + payload;
    } else if (kind == GAP) {
      if (available < GAP_RECORD) {
        truncated(cluster);
        return;
      }
      long count = Structure.of(buffer).i64((int) (position - bufferFrom) + 1);
      if (count <= 0 || count > clusters + 1 - cluster) {
        throw bad("a gap of %d clusters at cluster %d of %d".formatted(count, cluster, clusters));
      }
      position += GAP_RECORD;
      Runs known = runs;
      runs =
          new Runs(
              known.count, known.start, known.length, known.rank, known.offset, cluster + count);
    } else {
      throw bad(
          "a record of kind %d at cluster %d; only 0 and 1 are known".formatted(kind, cluster));
    }
  }

  private BlkshException bad(String problem) {
    return new BadRecordException(file.opening(), problem).at(position);
  }

  /** Whether the file ends at or before a byte. */
  private boolean isMissing(long last) {
    return file.knownSize().isPresent()
        ? file.endsBefore(last + 1)
        : file.read(last, new byte[1], 0, 1) == 0;
  }

  /** Makes bytes from a position on available in the buffer, up to {@code wanted} of them. */
  private int fill(long from, int wanted) {
    if (from < bufferFrom || from + wanted > bufferFrom + buffered) {
      buffered = 0;
      bufferFrom = from;
      buffered = file.read(from, buffer, 0, clusterSize < BUFFER / 2 ? BUFFER : GAP_RECORD);
    }
    return (int) Math.min(wanted, bufferFrom + buffered - from);
  }

  /** The file ends between two records: right when nothing in use can follow. */
  private void end(long cluster) {
    Runs known = runs;
    if (cluster >= clusters || known.used() >= claimedUsed) {
      runs = new Runs(known.count, known.start, known.length, known.rank, known.offset, blocks());
    } else {
      truncated(cluster);
    }
  }

  private void truncated(long cluster) {
    long start = cluster * clusterSize;
    if (!tolerant) {
      throw new BodyTruncatedException(
              file.name(),
              start,
              Math.max(1, deviceSize - start),
              "the image was cut short: it ends inside cluster %d of %d"
                  .formatted(cluster, clusters))
          .suggest("tolerant = true (--tolerant) reads what is there");
    }
    cutShort = true;
    // all that is left counts as stored behind the end, where reading fails
    append(cluster, blocks() - cluster, position, blocks());
  }

  private void add(long cluster, long at) {
    Runs known = runs;
    int last = known.count - 1;
    if (last >= 0
        && known.start[last] + known.length[last] == cluster
        && known.offset[last] + known.length[last] * (clusterSize + 1L) == at) {
      // readers look at a run's length again each time, and a longer one is as right as before
      known.length[last]++;
      runs =
          new Runs(known.count, known.start, known.length, known.rank, known.offset, cluster + 1);
      return;
    }
    append(cluster, 1, at, cluster + 1);
  }

  private void append(long cluster, long count, long at, long scanned) {
    Runs known = runs;
    long[] start = grown(known.start, known.count);
    long[] length = grown(known.length, known.count);
    long[] rank = grown(known.rank, known.count);
    long[] offset = grown(known.offset, known.count);
    start[known.count] = cluster;
    length[known.count] = count;
    rank[known.count] = known.used();
    offset[known.count] = at;
    runs = new Runs(known.count + 1, start, length, rank, offset, scanned);
  }

  private static long[] grown(long[] values, int count) {
    return count < values.length ? values : Arrays.copyOf(values, values.length * 2);
  }
}
