package blksh.cache;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.MediumGoneException;
import blksh.block.SourceInfo;
import blksh.block.WritableSource;
import blksh.io.DirectBuffer;
import blksh.io.IoFailure;
import blksh.io.UnreadableException;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/**
 * Reads from a source what a cache does not hold, for readers and for background work, and has it
 * held. A range is a flight for as long as it is being read: whoever wants some of it waits and
 * then looks at the map again, so no byte is read twice.
 */
final class SourceReader {

  /** How much of a failed large read is taken as failed; the rest counts as not tried. */
  static final int CLUSTER = 64 << 10;

  /** Changes under the monitor of the flights, when there are none. */
  private volatile BlockSource source;

  private final int sector;
  private final CacheOptions options;
  private final CachedBytes held;
  private final Flights flights = new Flights();

  /** Used under the monitor of the flights. */
  private final ReadAhead ahead;

  private final LongAdder misses = new LongAdder();
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * @param options whose blocks are no smaller than the sectors of the source
   */
  SourceReader(BlockSource source, CacheOptions options, CachedBytes held) {
    this.source = source;
    this.sector = source.sectorSize();
    this.options = options;
    this.held = held;
    this.ahead = new ReadAhead(options.block(), options.largest());
  }

  BlockSource source() {
    return source;
  }

  /**
   * The source, to write to it.
   *
   * @throws BlkshException when it cannot be written
   */
  WritableSource writable() {
    if (source instanceof WritableSource writable) {
      return writable;
    }
    throw new BlkshException("write through " + describe(), "its source was opened to be read");
  }

  int sectorSize() {
    return sector;
  }

  /** The map as it changes. */
  RescueMap map() {
    return held.map();
  }

  /** Bytes that were read and are to be read again, as the disk of the data file failed. */
  long forgotten() {
    return held.forgotten();
  }

  /** How often somebody had to wait for the source. */
  long misses() {
    return misses.sum();
  }

  SourceInfo describe() {
    SourceInfo whole = source.describe();
    Map<String, String> details = new LinkedHashMap<>(whole.details());
    details.put("cache", held.path().toString());
    return new SourceInfo("cached " + whole.type(), whole.name(), whole.location(), details);
  }

  // ---- for readers ----------------------------------------------------------------------------

  /**
   * Reads from the source what is missing at a position, and some more when that is worthwhile.
   *
   * @param end more than {@code at}: what of it the target wants
   * @return up to where the target was filled: {@code at} when something else has to be looked at
   */
  long miss(long at, long end, ByteBuffer target) {
    long start;
    long to;
    int window = 0;
    synchronized (flights) {
      while (flights.covers(at)) {
        flights.await(0, "read " + describe());
      }
      RescueRange range = map().at(at);
      if (range.status() == RescueStatus.FINISHED || range.status() == RescueStatus.BAD_SECTOR) {
        return at;
      }
      if (range.status() == RescueStatus.NON_TRIED) {
        window = ahead.window(at);
        long block = options.block();
        start = at / block * block;
        to = Math.max(ceiling(end, block), start + window);
        to = Math.min(to, start + options.largest());
      } else {
        start = at / sector * sector;
        to = start + sector;
      }
      start = Math.max(Math.max(start, range.start()), flights.freeFrom(at));
      to = Math.min(Math.min(to, range.end()), flights.freeTo(at));
      flights.beginMiss(start, to);
      misses.increment();
    }
    try {
      long began = System.nanoTime();
      long good = fetch(start, to, window > 0 ? CLUSTER : 0, at, Math.min(end, to), target, false);
      synchronized (flights) {
        if (good < to) {
          ahead.failed();
        } else if (window > 0) {
          ahead.done(at, to, (int) (to - start), System.nanoTime() - began);
        }
      }
      return Math.max(at, Math.min(good, end));
    } finally {
      synchronized (flights) {
        flights.endMiss(start);
      }
    }
  }

  private static long ceiling(long value, long unit) {
    return Math.min(Long.MAX_VALUE - unit, value + unit - 1) / unit * unit;
  }

  /** What a reader is told of a range that the map calls bad. */
  UnreadableException bad(long from, long to) {
    return new UnreadableException(
        source.describe().location(), from, to - from, "the medium is bad there", null);
  }

  // ---- for background work --------------------------------------------------------------------

  /**
   * Tries part of a range of one status, unless others have changed it meanwhile.
   *
   * @param failed as for {@link #fetch}
   * @return up to where it was read, {@code end} when all; or -1 when nothing was tried
   */
  long attempt(long start, long end, RescueStatus expected, int failed) {
    synchronized (flights) {
      while (flights.overlaps(start, end)) {
        flights.await(0, "read " + describe());
      }
      RescueRange range = map().at(start);
      if (range.status() != expected || range.end() < end) {
        return -1;
      }
      flights.begin(start, end);
    }
    try {
      return fetch(start, end, failed, 0, 0, null, true);
    } finally {
      release(start);
    }
  }

  /** Turns what is left of a range from one status into another. */
  void settle(long start, long end, RescueStatus from, RescueStatus to) {
    synchronized (flights) {
      for (long at = start; at < end; ) {
        RescueRange range = map().at(at);
        if (range.status() == from) {
          held.mark(at, Math.min(end, range.end()), to);
        }
        at = range.end();
      }
    }
  }

  /** Returns when nobody has been reading from the source for a moment. */
  void yieldToReaders(Task task) {
    synchronized (flights) {
      while (true) {
        task.checkCancelled();
        checkOpen();
        long pause = flights.millisToLull();
        if (pause == 0) {
          return;
        }
        flights.await(pause, "read " + describe());
      }
    }
  }

  // ---- reading --------------------------------------------------------------------------------

  /**
   * Reads a range from the source into the data file and notes in the map how it went.
   *
   * @param failed bytes to note as failed large read where it fails, or 0 when this is the last
   *     resort and what fails is bad
   * @param from what of it the target wants
   * @param to the end of that
   * @param target null when nobody wants it
   * @param strict whether not being able to keep the bytes is a failure
   * @return up to where it was read, whole sectors
   */
  private long fetch(
      long start, long end, int failed, long from, long to, ByteBuffer target, boolean strict) {
    try (DirectBuffer memory = DirectBuffer.borrow((int) (end - start))) {
      ByteBuffer buffer = memory.bytes();
      long good = start + readSource(start, buffer);
      if (good < end) {
        good = Math.max(start, good / sector * sector);
      }
      if (good > start) {
        buffer.position(0).limit((int) (good - start));
        keep(start, good, buffer, strict);
        if (target != null && good > from) {
          int wanted = (int) (Math.min(good, to) - from);
          target.put(target.position(), buffer, (int) (from - start), wanted);
          target.position(target.position() + wanted);
        }
      }
      if (good < end) {
        long bad = failed == 0 ? end : Math.min(end, (good / failed + 1) * failed);
        RescueStatus status = failed == 0 ? RescueStatus.BAD_SECTOR : RescueStatus.NON_TRIMMED;
        held.mark(good, bad, status);
      }
      return good;
    }
  }

  private void keep(long start, long end, ByteBuffer bytes, boolean strict) {
    try {
      held.keep(start, end, bytes);
    } catch (IOException e) {
      if (strict) {
        throw new BlkshException("write cache " + held.path(), IoFailure.reason(e), e)
            .at(start)
            .suggest("what was read so far is kept");
      }
    }
  }

  private int readSource(long start, ByteBuffer buffer) {
    try {
      return source.read(start, buffer);
    } catch (MediumGoneException e) {
      throw e;
    } catch (UnreadableException e) {
      if (isGone(e)) {
        throw e.suggest("put the medium back; what was read is kept");
      }
      return (int) Math.max(0, Math.min(buffer.position(), e.start() - start));
    }
  }

  /** Whether a read failed because there is no medium or no drive any more: nothing is bad then. */
  private static boolean isGone(UnreadableException e) {
    IoFailure failure = IoFailure.of(e);
    return failure == IoFailure.NO_MEDIUM || failure == IoFailure.NO_DEVICE;
  }

  // ---- keeping others away --------------------------------------------------------------------

  /** Waits until a range is no flight, and makes it one until it is released. */
  void occupy(long start, long end, String verb) {
    synchronized (flights) {
      while (flights.overlaps(start, end)) {
        flights.await(0, verb + " " + describe());
      }
      flights.begin(start, end);
    }
  }

  /** Ends the flight that begins there. */
  void release(long start) {
    synchronized (flights) {
      flights.end(start);
    }
  }

  /** Goes on with the same source opened anew, and returns the one before. */
  BlockSource replace(BlockSource fresh) {
    synchronized (flights) {
      while (flights.any()) {
        flights.await(0, "go on with " + describe());
      }
      BlockSource before = source;
      source = fresh;
      return before;
    }
  }

  boolean isClosed() {
    return closed.get();
  }

  void checkOpen() {
    if (closed.get()) {
      throw new BlkshException("read " + describe(), "it was closed");
    }
  }

  /**
   * Refuses whatever comes from now on.
   *
   * @return false when that was so before
   */
  boolean shut() {
    return closed.compareAndSet(false, true);
  }

  /** Lets reads that began before it was shut keep what they read. */
  void awaitFlights() {
    synchronized (flights) {
      boolean interrupted = false;
      while (flights.any()) {
        try {
          flights.wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
