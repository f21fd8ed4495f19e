package blksh.image.disk;

import blksh.io.TargetFile;
import com.github.luben.zstd.Zstd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.Deflater;

/**
 * Writes a qcow2 image of version 3 from its beginning to its end (QEMU, docs/interop/qcow2.txt):
 * the header and room for the table of level 1, then clusters as they are added, each table of
 * level 2 behind the last cluster it leads to, then the table of refcounts. The first cluster of
 * each stretch that one block of refcounts counts is that block, so that no count is kept for
 * longer than its stretch. Clusters are added by one thread at a time. It needs no more memory than
 * the table of level 1 takes, 8 bytes for each 512 MiB, and two clusters.
 */
public final class Qcow2Writer {

  /** Bytes of a cluster. */
  public static final int CLUSTER = 1 << 16;

  private static final int CLUSTER_BITS = 16;

  /** How clusters are compressed. */
  public enum Compression {
    /** Not at all. */
    NONE,
    /** Deflate, which every QEMU reads. */
    DEFLATE,
    /** Zstandard, which QEMU reads since 5.1. */
    ZSTD
  }

  private static final int HEADER = 112;
  private static final int REFCOUNT_ORDER = 4;
  private static final int ENTRIES = CLUSTER / 8;

  /** Clusters that one block of refcounts counts, 16 bits each. */
  private static final int COUNTED = CLUSTER / 2;

  /**
   * Matches of deflate reach no further back: QEMU inflates with a window of so many bytes. Each
   * piece of that length is compressed as if nothing were before it.
   */
  private static final int WINDOW = 4096;

  private static final int SECTOR = 512;
  private static final int COMPRESSED_OFFSET_BITS = 62 - (CLUSTER_BITS - 8);
  private static final long COPIED = 1L << 63;
  private static final long COMPRESSED = 1L << 62;

  /** Where the table of level 1 is: behind the header, and the block of the first stretch. */
  private static final long LEVEL_1 = 2L * CLUSTER;

  private final TargetFile target;
  private final long size;
  private final Compression compression;
  private final int tables;
  private final ByteBuffer level1;
  private final ByteBuffer level2 = ByteBuffer.allocate(CLUSTER);

  /** Which table of level 2 is being filled, and whether it has anything. */
  private long table;

  private boolean tableUsed;

  /** The stretch that is being filled, how much is used of it, and its counts. */
  private long stretch;

  private int used = 2;
  private final short[] counts = new short[COUNTED];

  /** The last cluster with compressed ones in it, or -1, and how many bytes of it they take. */
  private long packedIn = -1;

  private int packedBytes;

  /**
   * @param size bytes of the disk; a part of a sector at its end becomes a whole one
   */
  public Qcow2Writer(TargetFile target, long size, Compression compression) throws IOException {
    this.target = target;
    this.size = (size + SECTOR - 1) / SECTOR * SECTOR;
    this.compression = compression;
    long span = (long) ENTRIES * CLUSTER;
    this.tables = Math.toIntExact((size + span - 1) / span);
    int room = (int) ((Math.max(1, tables) * 8L + CLUSTER - 1) / CLUSTER);
    this.level1 = ByteBuffer.allocate(room * CLUSTER);
    counts[0] = 1;
    counts[1] = 1;
    allocate(room);
  }

  /**
   * Compresses a cluster; by any thread.
   *
   * @param level 1 to 19
   * @return null when it is to be added as it is
   */
  public static byte[] compress(byte[] cluster, Compression how, int level) {
    byte[] packed =
        switch (how) {
          case NONE -> null;
          case ZSTD -> Zstd.compress(cluster, level);
          case DEFLATE -> deflate(cluster, Math.min(level, 9));
        };
    return packed == null || packed.length >= CLUSTER - SECTOR ? null : packed;
  }

  private static byte[] deflate(byte[] cluster, int level) {
    Deflater deflater = new Deflater(level, true);
    try {
      byte[] packed = new byte[CLUSTER + CLUSTER / 8];
      int length = 0;
      for (int at = 0; at < CLUSTER; at += WINDOW) {
        deflater.setInput(cluster, at, WINDOW);
        boolean last = at + WINDOW == CLUSTER;
        if (last) {
          deflater.finish();
        }
        int mode = last ? Deflater.NO_FLUSH : Deflater.FULL_FLUSH;
        length += deflater.deflate(packed, length, packed.length - length, mode);
      }
      return deflater.finished() ? Arrays.copyOf(packed, length) : null;
    } finally {
      deflater.end();
    }
  }

  /**
   * Adds a cluster that is not all zeros; those between the one added before and this are zeros.
   *
   * @param number of the cluster in the disk, more than that of the one before
   * @param cluster its bytes, {@link #CLUSTER} of them
   * @param packed what {@link #compress} made of it
   */
  public void add(long number, byte[] cluster, byte[] packed) throws IOException {
    if (number / ENTRIES != table) {
      endTable();
      table = number / ENTRIES;
    }
    tableUsed = true;
    int slot = (int) (number % ENTRIES) * 8;
    if (packed == null) {
      long at = allocate(1) * CLUSTER;
      target.write(at, ByteBuffer.wrap(cluster));
      level2.putLong(slot, COPIED | at);
      return;
    }
    long at = allocateBytes(packed.length);
    target.write(at, ByteBuffer.wrap(packed));
    long sectors = (at + packed.length - 1) / SECTOR - at / SECTOR;
    level2.putLong(slot, COMPRESSED | sectors << COMPRESSED_OFFSET_BITS | at);
  }

  /** The first of some clusters in a row, which one block of refcounts counts. */
  private long allocate(int clusters) throws IOException {
    if (used + clusters > COUNTED) {
      writeCounts();
      Arrays.fill(counts, (short) 0);
      counts[0] = 1;
      stretch++;
      used = 1;
      packedIn = -1; // whose counts are written
    }
    long first = stretch * COUNTED + used;
    Arrays.fill(counts, used, used + clusters, (short) 1);
    used += clusters;
    return first;
  }

  /** Where the counts of a stretch are. */
  private static long countsAt(long stretch) {
    return (stretch == 0 ? 1 : stretch * COUNTED) * CLUSTER;
  }

  private void writeCounts() throws IOException {
    ByteBuffer block = ByteBuffer.allocate(CLUSTER);
    block.asShortBuffer().put(counts);
    target.write(countsAt(stretch), block);
  }

  /** Where so many bytes find room: behind the last ones, where the next cluster is free, too. */
  private long allocateBytes(int length) throws IOException {
    boolean more = packedIn >= 0 && length > CLUSTER - packedBytes;
    boolean adjacent = packedIn + 1 == stretch * COUNTED + used && used < COUNTED;
    if (packedIn < 0 || packedBytes == CLUSTER || more && !adjacent) {
      packedIn = allocate(1);
      packedBytes = length;
      return packedIn * CLUSTER;
    }
    long at = packedIn * CLUSTER + packedBytes;
    counts[(int) (packedIn % COUNTED)]++;
    packedBytes += length;
    if (more) {
      packedIn = allocate(1);
      packedBytes -= CLUSTER;
    }
    return at;
  }

  private void endTable() throws IOException {
    if (tableUsed) {
      long at = allocate(1) * CLUSTER;
      target.write(at, level2.duplicate().clear());
      level1.putLong((int) table * 8, COPIED | at);
      Arrays.fill(level2.array(), (byte) 0);
      tableUsed = false;
    }
  }

  /**
   * Writes what leads to the clusters.
   *
   * @return bytes of the file
   */
  public long finish() throws IOException {
    endTable();
    int clusters = (int) (((stretch + 2) * 8 + CLUSTER - 1) / CLUSTER);
    long at = allocate(clusters);
    ByteBuffer refcounts = ByteBuffer.allocate(clusters * CLUSTER);
    for (long each = 0; each <= stretch; each++) {
      refcounts.putLong((int) each * 8, countsAt(each));
    }
    target.write(at * CLUSTER, refcounts);
    writeCounts();
    target.write(LEVEL_1, level1.duplicate().clear());
    target.write(0, header(at * CLUSTER, clusters));
    return (stretch * COUNTED + used) * CLUSTER;
  }

  private ByteBuffer header(long refcounts, int clusters) {
    ByteBuffer header = ByteBuffer.allocate(CLUSTER);
    header.put(Qcow2Header.MAGIC.getBytes(StandardCharsets.ISO_8859_1)).putInt(3);
    header.putLong(0).putInt(0); // laid on nothing
    header.putInt(CLUSTER_BITS).putLong(size).putInt(0);
    header.putInt(tables).putLong(LEVEL_1);
    header.putLong(refcounts).putInt(clusters);
    header.putInt(0).putLong(0); // no snapshots
    boolean zstd = compression == Compression.ZSTD;
    header.putLong(zstd ? Qcow2Header.COMPRESSION : 0).putLong(0).putLong(0);
    header.putInt(REFCOUNT_ORDER).putInt(HEADER).put((byte) (zstd ? 1 : 0));
    return header.clear();
  }
}
