package blksh.cache;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is known of every byte of a source, as ranges. Ranges cover the source without gaps, and
 * neighbours differ in status, so the map is as large as the history of the source is mixed.
 *
 * <p>May be used from any thread; each call sees the map whole.
 */
public final class RescueMap {

  private final long size;

  /** The status of each range by its first byte. Each range ends where the next begins. */
  private final TreeMap<Long, RescueStatus> starts = new TreeMap<>();

  private final long[] bytes = new long[RescueStatus.values().length];

  /**
   * A map of a source nothing is known of.
   *
   * @param size bytes, 0 or more
   */
  public RescueMap(long size) {
    this.size = size;
    starts.put(0L, RescueStatus.NON_TRIED);
    bytes[RescueStatus.NON_TRIED.ordinal()] = size;
  }

  /**
   * Reads a map from a file that blksh, blkcache or ddrescue wrote.
   *
   * @param size of the source in bytes
   * @throws blksh.BlkshException when it cannot be read, or tells of more than the source
   */
  public static RescueMap read(Path mapfile, long size) {
    return Mapfile.read(mapfile).map(mapfile, size);
  }

  /** Size of the source in bytes. */
  public long size() {
    return size;
  }

  /** Sets the status of {@code [start, end)}, clipped to the source. */
  public synchronized void mark(long start, long end, RescueStatus status) {
    long from = Math.max(0, start);
    long to = Math.min(size, end);
    if (from >= to) {
      return;
    }
    RescueStatus after = to == size ? null : starts.floorEntry(to).getValue();
    count(from, to, -1);
    starts.subMap(from, true, to, false).clear();
    Map.Entry<Long, RescueStatus> before = starts.lowerEntry(from);
    if (before == null || before.getValue() != status) {
      starts.put(from, status);
    }
    if (after == status) {
      starts.remove(to);
    } else if (after != null) {
      starts.put(to, after);
    }
    bytes[status.ordinal()] += to - from;
  }

  /** Adds the lengths of what {@code [from, to)} holds, times a sign, to the counts. */
  private void count(long from, long to, int sign) {
    Map.Entry<Long, RescueStatus> entry = starts.floorEntry(from);
    while (entry != null && entry.getKey() < to) {
      long first = Math.max(from, entry.getKey());
      Map.Entry<Long, RescueStatus> next = starts.higherEntry(entry.getKey());
      long last = next == null ? to : Math.min(to, next.getKey());
      bytes[entry.getValue().ordinal()] += sign * (last - first);
      entry = next;
    }
  }

  /** The range that holds a byte of the source. */
  public synchronized RescueRange at(long position) {
    if (position < 0 || position >= size) {
      throw new IllegalArgumentException("byte " + position + " of " + size);
    }
    return range(starts.floorEntry(position));
  }

  private RescueRange range(Map.Entry<Long, RescueStatus> entry) {
    Long next = starts.higherKey(entry.getKey());
    return new RescueRange(entry.getKey(), next == null ? size : next, entry.getValue());
  }

  /** The first range of a status that ends after a position, or null. */
  synchronized RescueRange next(long position, RescueStatus status) {
    if (position >= size || bytes[status.ordinal()] == 0) {
      return null;
    }
    Map.Entry<Long, RescueStatus> entry = starts.floorEntry(Math.max(0, position));
    while (entry != null && entry.getValue() != status) {
      entry = starts.higherEntry(entry.getKey());
    }
    return entry == null ? null : range(entry);
  }

  /** The last range of a status that begins before a position, or null. */
  synchronized RescueRange previous(long position, RescueStatus status) {
    if (size == 0 || bytes[status.ordinal()] == 0) {
      return null;
    }
    Map.Entry<Long, RescueStatus> entry = starts.lowerEntry(position);
    while (entry != null && entry.getValue() != status) {
      entry = starts.lowerEntry(entry.getKey());
    }
    return entry == null ? null : range(entry);
  }

  /** Bytes of a status. */
  public synchronized long bytes(RescueStatus status) {
    return bytes[status.ordinal()];
  }

  /** Whether every byte was read. */
  public boolean isFinished() {
    return bytes(RescueStatus.FINISHED) == size;
  }

  /** Whether every byte was tried for good: it was read, or failed when its sector was tried. */
  public synchronized boolean isSettled() {
    return bytes(RescueStatus.FINISHED) + bytes(RescueStatus.BAD_SECTOR) == size;
  }

  /** All ranges in order. */
  public synchronized List<RescueRange> ranges() {
    List<RescueRange> all = new ArrayList<>(starts.size());
    Map.Entry<Long, RescueStatus> previous = null;
    for (Map.Entry<Long, RescueStatus> entry : starts.entrySet()) {
      if (previous != null) {
        all.add(new RescueRange(previous.getKey(), entry.getKey(), previous.getValue()));
      }
      previous = entry;
    }
    if (size > 0 && previous != null) {
      all.add(new RescueRange(previous.getKey(), size, previous.getValue()));
    }
    return all;
  }

  /** The ranges of a status in order. */
  public List<RescueRange> ranges(RescueStatus status) {
    return ranges().stream().filter(range -> range.status() == status).toList();
  }

  /** A copy that no longer changes with this map. */
  public synchronized RescueMap copy() {
    RescueMap copy = new RescueMap(size);
    copy.starts.putAll(starts);
    System.arraycopy(bytes, 0, copy.bytes, 0, bytes.length);
    return copy;
  }

  /**
   * A picture of the source in equal cells. A cell shows the worst that is in it: bad sectors, then
   * what failed and waits, then what was never tried; only a cell wholly read shows as finished.
   *
   * @param cells how many cells, 1 or more; fewer come back when the source has fewer bytes
   */
  public List<RescueStatus> picture(int cells) {
    int count = (int) Math.min(cells, size);
    RescueStatus[] picture = new RescueStatus[count];
    for (RescueRange range : ranges()) {
      int first = cell(range.start(), count);
      int last = cell(range.end() - 1, count);
      for (int i = first; i <= last; i++) {
        if (picture[i] == null || severity(range.status()) > severity(picture[i])) {
          picture[i] = range.status();
        }
      }
    }
    return List.of(picture);
  }

  private int cell(long position, int count) {
    return (int) (((double) position / size) * count);
  }

  private static int severity(RescueStatus status) {
    return switch (status) {
      case BAD_SECTOR -> 4;
      case NON_SCRAPED -> 3;
      case NON_TRIMMED -> 2;
      case NON_TRIED -> 1;
      case FINISHED -> 0;
    };
  }
}
