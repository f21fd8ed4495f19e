package blksh.filesystem;

import java.util.Arrays;

/** The file allocation table: which cluster follows which. */
final class FatChains {

  /** After the last cluster of a file. */
  static final long END = -1;

  private final Volume volume;
  private final int type;
  private final long fat;
  private final long data;
  private final int clusterSize;
  private final long clusters;

  /**
   * @param type bits an entry: 12, 16 or 32
   * @param fat byte of the table
   * @param data byte of the first cluster, which has number 2
   */
  FatChains(Volume volume, int type, long fat, long data, int clusterSize, long clusters) {
    this.volume = volume;
    this.type = type;
    this.fat = fat;
    this.data = data;
    this.clusterSize = clusterSize;
    this.clusters = clusters;
  }

  int clusterSize() {
    return clusterSize;
  }

  /** The byte of a cluster. */
  long position(FileEntry file, long cluster) {
    if (cluster < 2 || cluster >= clusters + 2) {
      throw volume.damage(file, "its chain of clusters leads nowhere");
    }
    return data + (cluster - 2) * clusterSize;
  }

  /** The cluster after another; {@link #END} when it was the last. */
  long next(FileEntry file, long cluster) {
    position(file, cluster);
    long next =
        switch (type) {
          case 12 -> {
            int pair = volume.read(fat + cluster * 3 / 2, 2).getShort() & 0xffff;
            yield cluster % 2 == 0 ? pair & 0xfff : pair >> 4;
          }
          case 16 -> volume.read(fat + cluster * 2, 2).getShort() & 0xffff;
          default -> volume.read(fat + cluster * 4, 4).getInt() & 0x0fffffff;
        };
    long last = type == 32 ? 0x0ffffff8L : (1L << type) - 8;
    return next >= last ? END : next;
  }

  /** The clusters of a file. */
  FileRun.Map of(FileEntry file, long first) {
    return new Chain(file, first);
  }

  /** A chain, of which every thousandth cluster is remembered once it was passed. */
  private final class Chain implements FileRun.Map {

    private static final int STEP = 1024;

    /** Longest run put together at once, in clusters. */
    private static final int LONGEST = 1024;

    private final FileEntry file;
    private long[] passed = new long[4];
    private int known = 1;

    Chain(FileEntry file, long first) {
      this.file = file;
      passed[0] = first;
    }

    @Override
    public FileRun at(long position) {
      long index = position / clusterSize;
      long cluster = cluster(index);
      long start = position(file, cluster);
      long most = (file.size() + clusterSize - 1) / clusterSize;
      int count = 1;
      while (count < LONGEST && index + count < most) {
        long next = next(file, cluster);
        if (next != cluster + 1) {
          break;
        }
        cluster = next;
        count++;
      }
      return new FileRun(index * clusterSize, (long) count * clusterSize, start);
    }

    private synchronized long cluster(long index) {
      int step = (int) Math.min(index / STEP, known - 1);
      long cluster = passed[step];
      for (long at = (long) step * STEP; at < index; ) {
        cluster = next(file, cluster);
        at++;
        if (cluster == END) {
          throw volume.damage(file, "its chain of clusters is shorter than the file");
        }
        if (at == (long) known * STEP) {
          if (known == passed.length) {
            passed = Arrays.copyOf(passed, known * 2);
          }
          passed[known++] = cluster;
        }
      }
      return cluster;
    }
  }
}
