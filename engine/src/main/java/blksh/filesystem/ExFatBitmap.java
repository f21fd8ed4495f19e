package blksh.filesystem;

import blksh.block.BlockSource;

/**
 * exFAT (Microsoft, "exFAT file system specification"): an allocation bitmap, found through the
 * root directory. The checksum of the boot region and the percentage in use must agree.
 */
final class ExFatBitmap {

  private static final int BITMAP_ENTRY = 0x81;
  private static final int FIRST_CLUSTER = 2;
  private static final long LAST_CLUSTER = 0xfffffff6L;
  private static final int UNKNOWN_PERCENT = 0xff;

  /** No directory is larger, in bytes. */
  private static final long LARGEST_DIRECTORY = 256 << 20;

  private final BlockSource source;
  private final Structure boot;
  private final int sector;
  private final long cluster;
  private final long table;
  private final long tableLength;
  private final long heap;
  private final long clusters;

  private ExFatBitmap(BlockSource source, Structure boot) throws Unmapped {
    this.source = source;
    this.boot = boot;
    int sectorShift = boot.u8(108);
    int clusterShift = boot.u8(109);
    Unmapped.unless(
        boot.u16(510) == 0xaa55
            && sectorShift >= 9
            && sectorShift <= 12
            && clusterShift <= 25 - sectorShift,
        "its boot sector makes no sense");
    sector = 1 << sectorShift;
    cluster = (long) sector << clusterShift;
    table = boot.u32(80) * sector;
    tableLength = boot.u32(84) * sector;
    heap = boot.u32(88) * sector;
    clusters = boot.u32(92);
    long volume = boot.i64(72);
    Unmapped.unless(
        volume > 0
            && volume <= source.size() / sector
            && table > 0
            && tableLength >= (clusters + FIRST_CLUSTER) * 4
            && heap >= table + tableLength
            && clusters > 0
            && heap + clusters * cluster <= volume * sector,
        "its boot sector makes no sense");
    Unmapped.unless(boot.u8(110) == 1, "it has two allocation tables");
    int flags = boot.u16(106);
    Unmapped.unless((flags & 2) == 0, "it was not unmounted cleanly");
    checkBootRegion();
  }

  private void checkBootRegion() throws Unmapped {
    Structure region = Structure.read(source, 0, ExFatBoot.REGION * sector);
    Unmapped.unless(ExFatBoot.passesChecksum(region, sector), "its boot region fails its checksum");
  }

  static FreeRanges free(BlockSource source, Head head) throws Unmapped {
    return new ExFatBitmap(source, head.at(0, 512)).free();
  }

  private FreeRanges free() throws Unmapped {
    Bits bitmap = bitmap();
    FreeRanges free = new FreeRanges();
    long used = 0;
    for (long i = 0; i < clusters; i++) {
      if (bitmap.get(i)) {
        used++;
      } else {
        free.add(heap + i * cluster, heap + (i + 1) * cluster);
      }
    }
    int percent = boot.u8(112);
    Unmapped.unless(
        percent == UNKNOWN_PERCENT || Math.abs(used * 100 / clusters - percent) <= 1,
        "%d %% of it are used, but its boot sector tells of %d %%",
        used * 100 / clusters,
        percent);
    return free;
  }

  private Bits bitmap() throws Unmapped {
    long at = boot.u32(96);
    for (long seen = 0; seen < LARGEST_DIRECTORY / cluster; seen++) {
      Structure entries = Structure.read(source, position(at), (int) cluster);
      for (int i = 0; i < entries.length(); i += 32) {
        int type = entries.u8(i);
        if (type == BITMAP_ENTRY) {
          return bitmap(entries.u32(i + 20), entries.i64(i + 24));
        }
        Unmapped.unless(type != 0, "it has no allocation bitmap");
      }
      at = next(at);
    }
    throw new Unmapped("its root directory has no end");
  }

  private Bits bitmap(long first, long length) throws Unmapped {
    Unmapped.unless(length == (clusters + 7) / 8, "its allocation bitmap is of another size");
    LongRuns runs = new LongRuns();
    long start = first;
    long end = first + 1;
    for (long done = cluster; done < length; done += cluster) {
      long next = next(end - 1);
      if (next != end) {
        addRun(runs, start, end);
        start = next;
      }
      end = next + 1;
    }
    addRun(runs, start, end);
    Bits bitmap = new Bits(length, (at, count) -> read(runs, at, count));
    Unmapped.unless(
        bitmap.get(first - FIRST_CLUSTER) && bitmap.get(boot.u32(96) - FIRST_CLUSTER),
        "its allocation bitmap does not hold itself");
    return bitmap;
  }

  private void addRun(LongRuns runs, long start, long end) throws Unmapped {
    position(end - 1);
    runs.add((end - start) * cluster, position(start));
  }

  private Structure read(LongRuns runs, long from, int length) throws Unmapped {
    byte[] bytes = new byte[length];
    for (int done = 0; done < length; ) {
      FileRun run = runs.find(from + done);
      long within = from + done - run.start();
      int count = (int) Math.min(length - done, run.length() - within);
      byte[] part = Structure.read(source, run.at() + within, count).bytes();
      System.arraycopy(part, 0, bytes, done, count);
      done += count;
    }
    return Structure.of(bytes);
  }

  private long position(long number) throws Unmapped {
    Unmapped.unless(
        number >= FIRST_CLUSTER && number < clusters + FIRST_CLUSTER,
        "cluster %d does not exist",
        number);
    return heap + (number - FIRST_CLUSTER) * cluster;
  }

  private long next(long number) throws Unmapped {
    long next = Structure.read(source, table + number * 4, 4).u32(0);
    Unmapped.unless(next <= LAST_CLUSTER, "a chain of clusters ends too early");
    return next;
  }
}
