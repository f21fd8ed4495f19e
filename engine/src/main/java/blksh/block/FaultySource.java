package blksh.block;

import blksh.io.UnreadableException;
import blksh.task.CancelledException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Another source with faults put on it, to see how a runbook or a test fares on a failing drive:
 * ranges that cannot be read, for ever or a number of times, and ranges that take their time.
 * Faults may be added while others read.
 */
public final class FaultySource implements BlockSource {

  private static final int FOR_EVER = Integer.MAX_VALUE;

  private final BlockSource source;
  private final List<Fault> faults = new ArrayList<>();
  private final List<Delay> delays = new ArrayList<>();

  private static final class Fault {
    private final long start;
    private final long end;
    private int times;

    Fault(long start, long end, int times) {
      this.start = start;
      this.end = end;
      this.times = times;
    }
  }

  private record Delay(long start, long end, Duration time) {}

  /**
   * @param source closed with this layer; without faults yet
   */
  public FaultySource(BlockSource source) {
    this.source = source;
  }

  /** Makes a range unreadable for ever. Positions and lengths in bytes. */
  public FaultySource unreadable(long start, long length) {
    return unreadable(start, length, FOR_EVER);
  }

  /** Makes a range fail the next {@code times} requests that touch it, then read well. */
  public FaultySource unreadable(long start, long length, int times) {
    Extent range = new Extent(start, length, Extent.Kind.BAD);
    synchronized (faults) {
      faults.add(new Fault(range.start(), range.end(), times));
      faults.sort(Comparator.comparingLong(fault -> fault.start));
    }
    return this;
  }

  /** Makes every request take at least so long. */
  public FaultySource slow(Duration time) {
    return slow(0, Long.MAX_VALUE, time);
  }

  /** Makes every request that touches a range take at least so long. */
  public FaultySource slow(long start, long length, Duration time) {
    synchronized (faults) {
      delays.add(new Delay(start, BlockSource.saturatedEnd(start, length), time));
    }
    return this;
  }

  /** Takes all faults and delays away. */
  public void heal() {
    synchronized (faults) {
      faults.clear();
      delays.clear();
    }
  }

  @Override
  public long size() {
    return source.size();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    long end = Math.min(size(), BlockSource.saturatedEnd(position, target.remaining()));
    if (position >= end) {
      return source.read(position, target);
    }
    pause(position, end);
    Extent bad = fail(position, end);
    if (bad == null) {
      return source.read(position, target);
    }
    int limit = target.limit();
    target.limit(target.position() + (int) (bad.start() - position));
    try {
      source.read(position, target);
    } finally {
      target.limit(limit);
    }
    throw new UnreadableException(
        describe().toString(), bad.start(), bad.length(), "injected fault", null);
  }

  /** The first fault inside a request, counted as having happened; null when there is none. */
  private Extent fail(long from, long to) {
    synchronized (faults) {
      for (Fault fault : faults) {
        if (fault.times > 0 && fault.start < to && fault.end > from) {
          if (fault.times != FOR_EVER) {
            fault.times--;
          }
          return new Extent(fault.start, fault.end - fault.start, Extent.Kind.BAD).clip(from, to);
        }
      }
      return null;
    }
  }

  private void pause(long from, long to) {
    long millis;
    synchronized (faults) {
      millis =
          delays.stream()
              .filter(delay -> delay.start < to && delay.end > from)
              .mapToLong(delay -> delay.time.toMillis())
              .sum();
    }
    if (millis > 0) {
      try {
        Thread.sleep(millis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancelledException("read " + describe());
      }
    }
  }

  /**
   * The extents underneath, except that a hole with a fault on it counts as data: it has to be read
   * to fail.
   */
  @Override
  public Iterator<Extent> extents(long position, long length) {
    Iterator<Extent> below = source.extents(position, length);
    return new Iterator<>() {
      private final Deque<Extent> pieces = new ArrayDeque<>();

      @Override
      public boolean hasNext() {
        return !pieces.isEmpty() || below.hasNext();
      }

      @Override
      public Extent next() {
        if (pieces.isEmpty()) {
          split(below.next(), pieces);
        }
        return pieces.remove();
      }
    };
  }

  private void split(Extent extent, Deque<Extent> pieces) {
    long at = extent.start();
    if (extent.kind().readsAsZeros()) {
      synchronized (faults) {
        for (Fault fault : faults) {
          long from = Math.max(fault.start, at);
          long to = Math.min(fault.end, extent.end());
          if (fault.times > 0 && from < to) {
            if (from > at) {
              pieces.add(extent.clip(at, from));
            }
            pieces.add(new Extent(from, to - from, Extent.Kind.DATA));
            at = to;
          }
        }
      }
    }
    if (at < extent.end()) {
      pieces.add(extent.clip(at, extent.end()));
    }
  }

  @Override
  public int sectorSize() {
    return source.sectorSize();
  }

  @Override
  public int cuts() {
    return source.cuts();
  }

  @Override
  public Optional<String> twoInstants() {
    return source.twoInstants();
  }

  @Override
  public Optional<List<Extent>> written() {
    return source.written();
  }

  @Override
  public SourceInfo describe() {
    SourceInfo whole = source.describe();
    return new SourceInfo(
        "faulty " + whole.type(), whole.name(), whole.location(), whole.details());
  }

  @Override
  public void close() {
    source.close();
  }
}
