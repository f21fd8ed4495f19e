package blksh.image.disk;

import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.ExtentWalk;
import blksh.block.SourceInfo;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;

/** A file with some ranges as a log has them. Nothing is put once it is read. */
final class VhdxReplayed implements BlockSource {

  private final BlockSource file;

  /** What differs, by its first byte; no two overlap. */
  private final TreeMap<Long, Patch> patches = new TreeMap<>();

  private long size;

  /**
   * A range.
   *
   * @param bytes what holds it, from {@code from} on, or null for zeros
   */
  private record Patch(long start, long end, byte[] bytes, int from) {

    Patch part(long first, long last) {
      return new Patch(first, last, bytes, bytes == null ? 0 : from + (int) (first - start));
    }
  }

  VhdxReplayed(BlockSource file) {
    this.file = file;
    this.size = file.size();
  }

  /** Puts a range over what was there. @param bytes as many, or null for zeros */
  void put(long start, long length, byte[] bytes) {
    long end = start + length;
    Map.Entry<Long, Patch> before = patches.lowerEntry(start);
    if (before != null && before.getValue().end() > start) {
      Patch patch = before.getValue();
      patches.put(patch.start(), patch.part(patch.start(), start));
      if (patch.end() > end) {
        patches.put(end, patch.part(end, patch.end()));
      }
    }
    Map<Long, Patch> covered = patches.subMap(start, end);
    Patch last = null;
    for (Patch patch : covered.values()) {
      last = patch;
    }
    covered.clear();
    if (last != null && last.end() > end) {
      patches.put(end, last.part(end, last.end()));
    }
    patches.put(start, new Patch(start, end, bytes, 0));
    reach(end);
  }

  /** Makes it at least so long; behind the end of the file are zeros. */
  void reach(long end) {
    size = Math.max(size, end);
  }

  @Override
  public long size() {
    return size;
  }

  /** The patch at a byte, or null. */
  private Patch at(long position) {
    Map.Entry<Long, Patch> found = patches.floorEntry(position);
    return found == null || found.getValue().end() <= position ? null : found.getValue();
  }

  /** The first byte behind a position from which on another patch may be. */
  private long until(long position, long end) {
    Long next = patches.higherKey(position);
    return next == null ? end : Math.min(end, next);
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    int wanted = (int) Math.min(target.remaining(), Math.max(0, size - position));
    int limit = target.limit();
    long end = position + wanted;
    try {
      for (long at = position; at < end; ) {
        Patch patch = at(at);
        long stop = patch == null ? until(at, end) : Math.min(end, patch.end());
        target.limit(target.position() + (int) (stop - at));
        if (patch == null) {
          file.read(at, target);
        } else if (patch.bytes() != null) {
          target.put(patch.bytes(), patch.from() + (int) (at - patch.start()), (int) (stop - at));
        }
        while (target.hasRemaining()) {
          target.put((byte) 0);
        }
        at = stop;
      }
      return wanted;
    } finally {
      target.limit(limit);
    }
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size, BlockSource.saturatedEnd(position, length));
    return ExtentWalk.through(position, end, at -> from(at, end));
  }

  private Iterator<Extent> from(long at, long end) {
    Patch patch = at(at);
    if (patch != null) {
      Extent.Kind kind = patch.bytes() == null ? Extent.Kind.ZERO : Extent.Kind.DATA;
      return ExtentWalk.one(new Extent(at, Math.min(end, patch.end()) - at, kind));
    }
    long stop = until(at, end);
    long there = Math.min(stop, file.size());
    return there > at
        ? file.extents(at, there - at)
        : ExtentWalk.one(new Extent(at, stop - at, Extent.Kind.ZERO));
  }

  @Override
  public SourceInfo describe() {
    return file.describe();
  }

  @Override
  public void close() {
    file.close();
  }
}
