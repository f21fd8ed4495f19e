package blksh.filesystem;

import java.util.Arrays;

/** The file allocation table of FAT, or of exFAT: which cluster follows which. */
final class FatChains {

  /** After the last cluster of a file. */
  static final long END = -1;

  private final Volume volume;

  /** Bits of an entry: 12, 16 or 32. */
  private final int bits;

  /** The bits of an entry that count. */
  private final long mask;

  /** The byte of the table. */
  private final long table;

  /** The byte of the first cluster. */
  private final long data;

  private final int clusterSize;
  private final long clusters;

  /** The table of a volume, whose boot sector makes sense. */
  FatChains(Volume volume, FatBootSector boot) {
    this.volume = volume;
    this.bits = boot.bits();
    this.mask = bits == 32 ? 0x0fffffff : (1L << bits) - 1;
    this.table = boot.table(boot.activeTable());
    this.data = boot.data();
    this.clusterSize = boot.clusterSize();
    // as the kernel, which does not use clusters that the table has no room for
    long entries = boot.tableLength() * 8 / bits - FatBootSector.FIRST_CLUSTER;
    this.clusters = Math.min(boot.clusters(), entries);
  }

  /** The table of exFAT, whose entries have all of their 32 bits. */
  FatChains(Volume volume, ExFatBoot boot) {
    this.volume = volume;
    this.bits = 32;
    this.mask = 0xffffffffL;
    this.table = boot.table();
    this.data = boot.data();
    this.clusterSize = boot.clusterSize();
    this.clusters = boot.clusters();
  }

  /** The first cluster of what an entry of a directory names; 0 when it has none. */
  static long first(Structure entry, int type) {
    long low = entry.u16(26);
    return type == 32 ? (long) (entry.u16(20) & 0x0fff) << 16 | low : low;
  }

  /** Whether there is a cluster. */
  boolean has(long cluster) {
    return cluster >= FatBootSector.FIRST_CLUSTER
        && cluster - FatBootSector.FIRST_CLUSTER < clusters;
  }

  int clusterSize() {
    return clusterSize;
  }

  /** The byte of a cluster. */
  long position(FileEntry file, long cluster) {
    if (!has(cluster)) {
      throw volume.damage(file, "its chain of clusters leads nowhere");
    }
    return data + (cluster - FatBootSector.FIRST_CLUSTER) * clusterSize;
  }

  /** The cluster after another; {@link #END} when it was the last. */
  long next(FileEntry file, long cluster) {
    position(file, cluster);
    long next =
        switch (bits) {
          case 12 -> {
            int pair = volume.read(table + cluster * 3 / 2, 2).u16(0);
            yield cluster % 2 == 0 ? pair & 0xfff : pair >> 4;
          }
          case 16 -> volume.read(table + cluster * 2, 2).u16(0);
          default -> volume.read(table + cluster * 4, 4).u32(0) & mask;
        };
    return next >= mask - 7 ? END : next;
  }

  /** The clusters of a file. */
  FileRun.Map of(FileEntry file, long first) {
    return new Chain(file, first);
  }

  /** Finds out whether a chain goes round in a circle, as it is followed (Brent). */
  static final class Circle {

    private long mark = END;
    private long steps;
    private long next = 1;

    /** Whether the next cluster was passed before; some of a circle may be passed twice. */
    boolean closesAt(long cluster) {
      if (cluster == mark) {
        return true;
      }
      if (++steps == next) {
        mark = cluster;
        next *= 2;
        steps = 0;
      }
      return false;
    }
  }

  /** A chain, of which every thousandth cluster is remembered once it was passed. */
  private final class Chain implements FileRun.Map {

    private static final int STEP = 1024;

    /** Longest run put together at once, in clusters. */
    private static final int LONGEST = 1024;

    private final FileEntry file;

    /** How far it was followed, in clusters, and whether that went round. */
    private final Circle circle = new Circle();

    private long furthest = -1;
    private volatile boolean ends;
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
      if (index + count >= most && !ends) {
        requireEnd(cluster);
      }
      return new FileRun(index * clusterSize, (long) count * clusterSize, start);
    }

    /**
     * Makes sure that no cluster of the file was passed twice: then nothing would end it. More
     * clusters than it takes are no damage, nor is an end that is marked as none.
     */
    private void requireEnd(long last) {
      Circle behind = new Circle();
      for (long cluster = last; cluster != END && has(cluster); cluster = next(file, cluster)) {
        if (behind.closesAt(cluster)) {
          throw volume.damage(file, "its chain of clusters goes round in a circle");
        }
      }
      ends = true;
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
        if (at > furthest) {
          furthest = at;
          if (circle.closesAt(cluster)) {
            furthest = at - 1; // whoever reads on there hears it again
            throw volume.damage(file, "its chain of clusters goes round in a circle");
          }
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
