package blksh.cache;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * What is known of every byte of a source, as ranges. Ranges cover the source without gaps, and
 * neighbours differ in status, so the map is as large as the history of the source is mixed: some
 * three bytes a range, and twenty million ranges are no trouble ({@link RangeCode}).
 *
 * <p>May be used from any thread; each call sees the map whole.
 */
public final class RescueMap {

  /** A chunk of coded ranges that is longer is cut in two: each change writes a chunk anew. */
  private static final int LARGEST_CHUNK = 512;

  /** A shorter chunk is joined with a neighbour when it changes. */
  private static final int SMALL_CHUNK = 64;

  private static final int ALL = -1;

  private final long size;

  /** The chunks in order. A chunk never changes, so that copies share it. */
  private Chunks chunks;

  /** Whether a copy uses the same arrays: they are copied before they change. */
  private boolean shared;

  private final long[] bytes;

  private final RangeCode.Writer writer = new RangeCode.Writer();

  /**
   * A map of a source nothing is known of.
   *
   * @param size bytes, 0 or more
   */
  public RescueMap(long size) {
    this(size, new Chunks(), new long[RescueStatus.values().length]);
    if (size > 0) {
      writer.add(size, RescueStatus.NON_TRIED.ordinal());
      chunks.add(0, writer);
    }
    bytes[RescueStatus.NON_TRIED.ordinal()] = size;
  }

  private RescueMap(long size, Chunks chunks, long[] bytes) {
    this.size = size;
    this.chunks = chunks;
    this.bytes = bytes;
  }

  /**
   * Reads a map from a file that blksh, blkcache or ddrescue wrote.
   *
   * @param size of the source in bytes
   * @throws blksh.BlkshException when it cannot be read, or tells of more than the source
   */
  public static RescueMap read(Path mapfile, long size) {
    return Mapfile.read(mapfile, size).map(mapfile);
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
    // With the ranges before and after it, with which it may become one.
    int first = chunks.find(Math.max(0, from - 1));
    int last = chunks.find(Math.min(size - 1, to));
    if (first == last && isAlready(first, from, to, status.ordinal())) {
      return;
    }
    if (first > 0 && chunks.length(first) < SMALL_CHUNK) {
      first--;
    }
    if (last + 1 < chunks.count() && chunks.length(last) < SMALL_CHUNK) {
      last++;
    }
    if (shared) {
      chunks = chunks.copy();
      shared = false;
    }
    int most = chunks.length(first) + (last > first ? chunks.length(last) : 0);
    int parts = most / LARGEST_CHUNK + 1;
    Edit edit = new Edit(chunks.start(first), parts == 1 ? LARGEST_CHUNK : most / parts);
    for (int i = first; i <= last; i++) {
      RangeCode.Cursor range = chunks.cursor(i);
      while (range.next()) {
        edit.addTo(Math.min(range.end(), from), range.status());
        long within = Math.min(range.end(), to) - Math.max(range.start(), from);
        if (within > 0) {
          bytes[range.status()] -= within;
          edit.addTo(to, status.ordinal());
        }
        edit.addTo(range.end(), range.status());
      }
    }
    bytes[status.ordinal()] += to - from;
    chunks.replace(first, last, edit.end());
  }

  private boolean isAlready(int chunk, long from, long to, int status) {
    RangeCode.Cursor range = chunks.cursor(chunk);
    while (range.next() && range.start() <= from) {
      if (range.end() >= to) {
        return range.status() == status;
      }
    }
    return false;
  }

  /** The range that holds a byte of the source. */
  public synchronized RescueRange at(long position) {
    if (position < 0 || position >= size) {
      throw new IllegalArgumentException("byte " + position + " of " + size);
    }
    RangeCode.Cursor range = chunks.cursor(chunks.find(position));
    while (range.next() && range.end() <= position) {}
    return range.range();
  }

  /** The first range of a status that ends after a position, or null. */
  synchronized RescueRange next(long position, RescueStatus status) {
    if (position >= size || bytes[status.ordinal()] == 0) {
      return null;
    }
    long from = Math.max(0, position);
    for (int i = chunks.find(from); i < chunks.count(); i++) {
      if (chunks.has(i, status)) {
        RangeCode.Cursor range = chunks.cursor(i);
        while (range.next()) {
          if (range.end() > from && range.status() == status.ordinal()) {
            return range.range();
          }
        }
      }
    }
    return null;
  }

  /** The last range of a status that begins before a position, or null. */
  synchronized RescueRange previous(long position, RescueStatus status) {
    if (position <= 0 || size == 0 || bytes[status.ordinal()] == 0) {
      return null;
    }
    for (int i = chunks.find(Math.min(size, position) - 1); i >= 0; i--) {
      if (chunks.has(i, status)) {
        RescueRange found = null;
        RangeCode.Cursor range = chunks.cursor(i);
        while (range.next() && range.start() < position) {
          if (range.status() == status.ordinal()) {
            found = range.range();
          }
        }
        if (found != null) {
          return found;
        }
      }
    }
    return null;
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

  /** All ranges in order, as they are when asked for. There may be millions. */
  public Iterable<RescueRange> ranges() {
    Chunks now = snapshot();
    return () -> new Ranges(now, ALL);
  }

  /** The ranges of a status in order, as they are when asked for. */
  public Iterable<RescueRange> ranges(RescueStatus status) {
    Chunks now = snapshot();
    return () -> new Ranges(now, 1 << status.ordinal());
  }

  /** The chunks as they are now: they no longer change with this map. */
  private synchronized Chunks snapshot() {
    shared = true;
    return chunks;
  }

  /** A copy that no longer changes with this map. It costs next to nothing. */
  public synchronized RescueMap copy() {
    RescueMap copy = new RescueMap(size, snapshot(), bytes.clone());
    copy.shared = true;
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

  /** Makes a map of ranges that come in order. */
  static final class Builder {
    private final RescueMap map;
    private final Edit edit;

    /**
     * @param size of the source in bytes
     */
    Builder(long size) {
      map = new RescueMap(size, new Chunks(), new long[RescueStatus.values().length]);
      edit = map.new Edit(0, LARGEST_CHUNK * 3 / 4);
    }

    /**
     * Adds what lies between the end of the last range and a byte; nothing when that was added.
     *
     * @param to the first byte after it; what lies beyond the source is left out
     */
    void addTo(long to, RescueStatus status) {
      long before = edit.end;
      edit.addTo(Math.min(to, map.size), status.ordinal());
      map.bytes[status.ordinal()] += edit.end - before;
    }

    /** The map; what was not added was never tried. */
    RescueMap map() {
      addTo(map.size, RescueStatus.NON_TRIED);
      map.chunks = edit.end();
      return map;
    }
  }

  /** Ranges that come in order, in chunks of about a length. */
  private final class Edit {
    private final Chunks written = new Chunks();
    private final int length;
    private long chunkStart;
    private long start;
    private long end;
    private int status;

    Edit(long start, int length) {
      this.length = length;
      this.chunkStart = start;
      this.start = start;
      this.end = start;
    }

    /** Adds what lies between the end of the last and a byte, if anything. */
    void addTo(long to, int next) {
      if (to <= end) {
        return;
      }
      if (end > start && status != next) {
        write();
      }
      status = next;
      end = to;
    }

    private void write() {
      if (writer.length() > length) {
        seal();
      }
      writer.add(end - start, status);
      start = end;
    }

    private void seal() {
      written.add(chunkStart, writer);
      chunkStart = start;
    }

    Chunks end() {
      if (end > start) {
        write();
      }
      if (!writer.isEmpty()) {
        seal();
      }
      return written;
    }
  }

  /** The ranges of some statuses, one by one. */
  private static final class Ranges implements Iterator<RescueRange> {
    private final Chunks chunks;
    private final int kinds;
    private int chunk = -1;
    private RangeCode.Cursor cursor;
    private boolean found;

    Ranges(Chunks chunks, int kinds) {
      this.chunks = chunks;
      this.kinds = kinds;
    }

    @Override
    public boolean hasNext() {
      while (!found) {
        if (cursor != null && cursor.next()) {
          found = (kinds >> cursor.status() & 1) != 0;
        } else if (++chunk < chunks.count()) {
          cursor = (chunks.kinds(chunk) & kinds) == 0 ? null : chunks.cursor(chunk);
        } else {
          chunk--;
          cursor = null;
          return false;
        }
      }
      return true;
    }

    @Override
    public RescueRange next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      found = false;
      return cursor.range();
    }
  }
}
