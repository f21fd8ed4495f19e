package blksh.cache;

import blksh.task.Task;
import java.time.Duration;

/**
 * The passes of a rescue over what was never tried, in large reads: they leave out what fails, and
 * at first what lies beyond it or is slow, so that what is easy to read comes first.
 */
final class CopyingPasses {

  /** Reads grow while they take less than this, and shrink when they take much longer. */
  private static final long QUICK = Duration.ofMillis(50).toNanos();

  private static final long SLOW = Duration.ofMillis(200).toNanos();
  private static final int LARGEST = 4 << 20;

  /** Where slow areas are to be skipped, one read must not swallow one. */
  private static final int LARGEST_RATED = 256 << 10;

  /** As ddrescue: an error skips at first a 100,000th of the source, at most a 100th. */
  private static final int FIRST_SKIP_PART = 100_000;

  private static final int LARGEST_SKIP_PART = 100;

  /** ddrescue's last copying pass, which skips nothing. */
  private static final int SWEEP = 5;

  /** A rate is measured over at least so long. */
  private static final long RATE_WINDOW = Duration.ofMillis(100).toNanos();

  /** Each pass for slow areas asks for a tenth of the rate the one before did. */
  private static final int RATE_STEP = 10;

  private final SourceReader reader;
  private final SavedMap saved;
  private final RescueMap map;
  private final RescueOptions options;
  private final RescueProgress progress;
  private final Task task;
  private final int sector;

  /** Bytes to read at once: adapts to how long reads take. */
  private int run = SourceReader.CLUSTER;

  // The rate of reading good areas since it was last looked at.
  private long rateBytes;
  private long rateNanos;
  private boolean skippedSlow;

  CopyingPasses(
      SourceReader reader,
      SavedMap saved,
      RescueOptions options,
      RescueProgress progress,
      Task task) {
    this.reader = reader;
    this.saved = saved;
    this.map = reader.map();
    this.options = options;
    this.progress = progress;
    this.task = task;
    this.sector = reader.sectorSize();
  }

  /** Runs all of them. */
  void run() {
    boolean reverse = options.reverse();
    long least = options.minRate();
    task.phase("copying, pass 1");
    copy(1, reverse, true, least);
    task.phase("copying, pass 2");
    copy(2, !reverse, false, least);
    for (int pass = 3; pass < SWEEP && skippedSlow; pass++) {
      skippedSlow = false;
      least /= RATE_STEP;
      task.phase("copying slow areas, pass " + pass);
      copy(pass, (pass % 2 == 1) == reverse, false, least);
    }
    task.phase("copying, last pass");
    sweep(reverse);
  }

  /**
   * One pass over what was never tried.
   *
   * @param skipping skip an area beyond each error, twice as large each time, until something can
   *     be read again; otherwise leave the rest of an untried range after its first error
   * @param least skip ahead as well where fewer bytes a second are read; 0 for no such limit
   */
  private void copy(int pass, boolean backwards, boolean skipping, long least) {
    long firstSkip = sectors(Math.max(SourceReader.CLUSTER, map.size() / FIRST_SKIP_PART));
    long largestSkip = Math.max(firstSkip, sectors(map.size() / LARGEST_SKIP_PART));
    long skip = firstSkip;
    long at = backwards ? map.size() : 0;
    while (!progress.isTimedOut()) {
      RescueRange range = untried(at, backwards);
      if (range == null) {
        return;
      }
      long good = block(range, backwards, pass);
      if (good == range.end() && isSlow(least)) {
        skippedSlow = true;
        run = SourceReader.CLUSTER;
        at = backwards ? range.start() - skip : range.end() + skip;
        skip = Math.min(largestSkip, 2 * skip);
      } else if (good == range.end()) {
        skip = firstSkip;
        at = backwards ? range.start() : range.end();
      } else if (good < 0) {
        at = backwards ? range.end() : range.start();
      } else if (skipping) {
        long edge = backwards ? range.start() : Math.min(range.end(), nextCluster(good));
        at = backwards ? edge - skip : edge + skip;
        skip = Math.min(largestSkip, 2 * skip);
      } else {
        at = beyond(range, backwards);
      }
    }
  }

  /** Whether reading has been slower than a rate since this was last answered with certainty. */
  private boolean isSlow(long least) {
    if (least == 0 || rateNanos < RATE_WINDOW) {
      return false;
    }
    boolean slow = rateBytes < least * (rateNanos / 1e9);
    rateBytes = 0;
    rateNanos = 0;
    return slow;
  }

  /** Where the untried range goes on ends, as seen in the direction of the pass. */
  private long beyond(RescueRange block, boolean backwards) {
    if (backwards) {
      RescueRange rest = map.at(Math.max(0, block.start() - 1));
      return rest.status() == RescueStatus.NON_TRIED ? rest.start() : block.start();
    }
    RescueRange rest = map.at(Math.min(map.size() - 1, block.end() - 1));
    return rest.status() == RescueStatus.NON_TRIED ? rest.end() : block.end();
  }

  private void sweep(boolean backwards) {
    long at = backwards ? map.size() : 0;
    while (!progress.isTimedOut()) {
      RescueRange range = untried(at, backwards);
      if (range == null) {
        return;
      }
      long good = block(range, backwards, SWEEP);
      if (good >= 0) {
        at = backwards ? range.end() : range.start();
        if (good == range.end()) {
          at = backwards ? range.start() : range.end();
        }
      }
    }
  }

  /** The next block to read of what was never tried, or null at the end of the pass. */
  private RescueRange untried(long at, boolean backwards) {
    RescueRange range =
        backwards ? map.previous(at, RescueStatus.NON_TRIED) : map.next(at, RescueStatus.NON_TRIED);
    if (range == null) {
      return null;
    }
    if (backwards) {
      long end = Math.min(at, range.end());
      long start = Math.max(range.start(), (end - 1) / run * run);
      return new RescueRange(start, end, RescueStatus.NON_TRIED);
    }
    long start = Math.max(at, range.start());
    long end = Math.min(range.end(), (start / run + 1) * run);
    return new RescueRange(start, end, RescueStatus.NON_TRIED);
  }

  /**
   * Reads a block of what was never tried.
   *
   * @return up to where it was read, or -1 when others were at it
   */
  private long block(RescueRange block, boolean backwards, int pass) {
    reader.yieldToReaders(task);
    saved.now(RescueStatus.NON_TRIED.symbol(), pass, backwards ? block.end() : block.start());
    long began = System.nanoTime();
    long good =
        reader.attempt(block.start(), block.end(), RescueStatus.NON_TRIED, SourceReader.CLUSTER);
    if (good < 0) {
      return -1;
    }
    progress.note(block.start(), good);
    long took = System.nanoTime() - began;
    if (good == block.end()) {
      rateBytes += block.length();
      rateNanos += took;
    }
    if (good < block.end() || took > SLOW) {
      run = Math.max(SourceReader.CLUSTER, good < block.end() ? SourceReader.CLUSTER : run / 2);
    } else if (took < QUICK) {
      run = Math.min(options.minRate() > 0 ? LARGEST_RATED : LARGEST, 2 * run);
    }
    return good;
  }

  private long nextCluster(long position) {
    return (position / SourceReader.CLUSTER + 1) * SourceReader.CLUSTER;
  }

  private long sectors(long bytes) {
    return (bytes + sector - 1) / sector * sector;
  }
}
