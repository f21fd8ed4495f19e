package blksh.cache;

import blksh.task.Task;

/**
 * Reads a failing source as GNU ddrescue does (its manual, section "Algorithm"): what is easy to
 * read first, and the worst places last. Each sector is tried at most twice, once in a large read
 * and once alone, besides the retries asked for.
 */
final class Rescue {

  private static final int MOST_TRIES = 3;

  private final SourceReader reader;
  private final SavedMap saved;
  private final Saver saver;
  private final RescueMap map;
  private final RescueOptions options;
  private final Task task;
  private final int sector;
  private final RescueProgress progress;
  private final long finishedBefore;
  private final long forgottenBefore;

  Rescue(SourceReader reader, SavedMap saved, Saver saver, RescueOptions options, Task task) {
    this.reader = reader;
    this.saved = saved;
    this.saver = saver;
    this.map = reader.map();
    this.options = options;
    this.task = task;
    this.sector = reader.sectorSize();
    this.progress = new RescueProgress(options.timeout(), task);
    this.finishedBefore = map.bytes(RescueStatus.FINISHED);
    this.forgottenBefore = reader.forgotten();
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
      for (int pass = 1; pass <= options.retries() && !progress.isTimedOut(); pass++) {
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

  /** What the disk of the copy loses meanwhile is copied again, but not for ever. */
  private void copyAll() {
    for (int tries = 0; tries < MOST_TRIES && !progress.isTimedOut(); tries++) {
      if (tries == 0 || map.bytes(RescueStatus.NON_TRIED) > 0) {
        new CopyingPasses(reader, saved, options, progress, task).run();
      }
    }
  }

  /** Copies only. */
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
        RescueReport.of(
            map, map.bytes(RescueStatus.FINISHED) - finishedBefore, progress.isTimedOut());
    progress.end(report.readBytes());
    if (report.badRanges() > 0) {
      task.finding(
          RescueReport.told(
              report.badRanges(), report.badBytes(), report.firstBad(), "cannot be read"));
    }
    long forgotten = reader.forgotten() - forgottenBefore;
    if (forgotten > 0) {
      task.finding(
          "the disk of the copy failed: %d bytes had to be read again".formatted(forgotten));
    }
    if (report.pendingBytes() > 0) {
      task.finding(report.pendingBytes() + " bytes failed and are left for a rescue");
    }
    if (progress.isTimedOut()) {
      task.finding("gave up: nothing could be read for " + options.timeout().toSeconds() + " s");
    }
    return report;
  }

  // ---- sector by sector ----------------------------------------------------------------------

  /** Finds the good sectors at both edges of each failed block; what is between waits. */
  private void trim() {
    long at = options.reverse() ? map.size() : 0;
    while (!progress.isTimedOut()) {
      RescueRange range =
          options.reverse()
              ? map.previous(at, RescueStatus.NON_TRIMMED)
              : map.next(at, RescueStatus.NON_TRIMMED);
      if (range == null) {
        return;
      }
      long start = range.start();
      if (!badAt(start - 1)) {
        while (start < range.end() && !progress.isTimedOut()) {
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
        while (end > start && !progress.isTimedOut()) {
          long from = Math.max(start, (end - 1) / sector * sector);
          boolean good = sector(from, end, RescueStatus.NON_TRIMMED, 1, end);
          end = from;
          if (!good) {
            break;
          }
        }
      }
      if (!progress.isTimedOut()) {
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
    while (!progress.isTimedOut()) {
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
    progress.note(start, good);
    return good == end;
  }
}
