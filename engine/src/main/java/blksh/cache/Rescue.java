package blksh.cache;

import blksh.task.Task;
import java.time.Duration;

/**
 * Reads a failing source as GNU ddrescue does (its manual, section "Algorithm"): what is easy to
 * read first, and the worst places last. Each sector is tried at most twice, once in a large read
 * and once alone, besides the retries asked for.
 */
final class Rescue {

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
  private final Saver saver;
  private final RescueMap map;
  private final RescueOptions options;
  private final Task task;
  private final int sector;
  private final long finishedBefore;
  private long counted;
  private int run = SourceReader.CLUSTER;
  private long lastSuccess = System.nanoTime();
  private boolean timedOut;

  // The rate of reading good areas since it was last looked at.
  private long rateBytes;
  private long rateNanos;
  private boolean skippedSlow;

  Rescue(SourceReader reader, SavedMap saved, Saver saver, RescueOptions options, Task task) {
    this.reader = reader;
    this.saved = saved;
    this.saver = saver;
    this.map = reader.map();
    this.options = options;
    this.task = task;
    this.sector = reader.sectorSize();
    this.finishedBefore = map.bytes(RescueStatus.FINISHED);
    task.expect(map.size());
    task.resume(finishedBefore);
  }

  RescueReport run() {
    try {
      copyAll();
      task.phase("trimming");
      trim();
      task.phase("scraping");
      oneByOne(RescueStatus.NON_SCRAPED, 1, options.reverse());
      boolean backwards = options.reverse();
      for (int pass = 1; pass <= options.retries() && !timedOut; pass++) {
        if (map.bytes(RescueStatus.BAD_SECTOR) == 0) {
          break;
        }
        task.phase("retrying, pass " + pass);
        oneByOne(RescueStatus.BAD_SECTOR, pass, backwards);
        backwards = !backwards;
      }
      return report();
    } finally {
      end();
    }
  }

  RescueReport copy() {
    try {
      copyAll();
      return report();
    } finally {
      end();
    }
  }

  /** Who stops it gets the prompt back before the disk has everything. */
  private void end() {
    if (task.isCancelled()) {
      saver.soon();
    } else {
      saved.flush(false);
    }
  }

  private RescueReport report() {
    if (map.isSettled()) {
      saved.now(RescueStatus.FINISHED.symbol(), 1, 0);
    }
    RescueReport report =
        RescueReport.of(map, map.bytes(RescueStatus.FINISHED) - finishedBefore, timedOut);
    task.advance(report.readBytes() - counted); // what others read meanwhile
    for (RescueRange bad : report.badRanges()) {
      task.finding("%d bytes at byte %d cannot be read".formatted(bad.length(), bad.start()));
    }
    if (report.pendingBytes() > 0) {
      task.finding(report.pendingBytes() + " bytes failed and are left for a rescue");
    }
    if (timedOut) {
      task.finding("gave up: nothing could be read for " + options.timeout().toSeconds() + " s");
    }
    return report;
  }

  // ---- copying -------------------------------------------------------------------------------

  private void copyAll() {
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
    while (!timedOut) {
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
    while (!timedOut) {
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
    note(block, good);
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

  private void note(RescueRange tried, long good) {
    long now = System.nanoTime();
    if (good > tried.start()) {
      lastSuccess = now;
      task.advance(good - tried.start());
      counted += good - tried.start();
    }
    long limit = options.timeout().toNanos();
    timedOut |= limit > 0 && now - lastSuccess > limit;
  }

  // ---- sector by sector ----------------------------------------------------------------------

  /** Finds the good sectors at both edges of each failed block; what is between waits. */
  private void trim() {
    long at = options.reverse() ? map.size() : 0;
    while (!timedOut) {
      RescueRange range =
          options.reverse()
              ? map.previous(at, RescueStatus.NON_TRIMMED)
              : map.next(at, RescueStatus.NON_TRIMMED);
      if (range == null) {
        return;
      }
      long start = range.start();
      if (!badAt(start - 1)) {
        while (start < range.end() && !timedOut) {
          long to = Math.min(range.end(), (start / sector + 1) * sector);
          if (!sector(start, to, RescueStatus.NON_TRIMMED, 1, start)) {
            start = to;
            break;
          }
          start = to;
        }
      }
      long end = range.end();
      if (end > start && !badAt(end)) {
        while (end > start && !timedOut) {
          long from = Math.max(start, (end - 1) / sector * sector);
          boolean good = sector(from, end, RescueStatus.NON_TRIMMED, 1, end);
          end = from;
          if (!good) {
            break;
          }
        }
      }
      if (!timedOut) {
        reader.settle(start, end, RescueStatus.NON_TRIMMED, RescueStatus.NON_SCRAPED);
      }
      at = options.reverse() ? range.start() : range.end();
    }
  }

  private boolean badAt(long position) {
    return position >= 0
        && position < map.size()
        && map.at(position).status() == RescueStatus.BAD_SECTOR;
  }

  /** Tries every sector of a status once. */
  private void oneByOne(RescueStatus status, int pass, boolean backwards) {
    long at = backwards ? map.size() : 0;
    while (!timedOut) {
      RescueRange range = backwards ? map.previous(at, status) : map.next(at, status);
      if (range == null) {
        return;
      }
      long start;
      long end;
      if (backwards) {
        end = Math.min(at, range.end());
        start = Math.max(range.start(), (end - 1) / sector * sector);
      } else {
        start = Math.max(at, range.start());
        end = Math.min(range.end(), (start / sector + 1) * sector);
      }
      sector(start, end, status, pass, backwards ? end : start);
      at = backwards ? start : end;
    }
  }

  /**
   * Tries one sector.
   *
   * @return false when it is bad
   */
  private boolean sector(long start, long end, RescueStatus status, int pass, long position) {
    reader.yieldToReaders(task);
    saved.now(status.symbol(), pass, position);
    long good = reader.attempt(start, end, status, 0);
    if (good < 0) {
      return !badAt(start);
    }
    note(new RescueRange(start, end, status), good);
    return good == end;
  }
}
