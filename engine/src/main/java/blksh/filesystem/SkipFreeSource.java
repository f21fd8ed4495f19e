package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Changes;
import blksh.block.Extent;
import blksh.block.ExtentWalk;
import blksh.block.PageOffers;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import blksh.task.CancelledException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Another source in which what its file systems do not use is FREE and reads as zeros: all of that,
 * or as far as it fills pages that are kept as a whole.
 */
public final class SkipFreeSource implements BlockSource {

  private final BlockSource source;
  private final UsedBlocks used;
  private final FreeRanges free;

  /** Bytes of pages that are free as a whole or not at all; 1 where it is all that is free. */
  private final int pageSize;

  SkipFreeSource(BlockSource source, UsedBlocks used) {
    this(source, used, used.free(), 1);
  }

  private SkipFreeSource(BlockSource source, UsedBlocks used, FreeRanges free, int pageSize) {
    this.pageSize = pageSize;
    this.source = source;
    this.used = used;
    this.free = free;
  }

  /**
   * The same, in which only pages are FREE that are free as a whole, and the others are read as
   * they are. A store keeps a page as data when a part of it is: had that zeros where it is free, a
   * later version that takes over what has not been written since, by a map that calls it used by
   * now, would have them in place of what is there.
   *
   * @param pageSize bytes of a page, more than 0; the last of the source may be shorter
   * @return what closes the source too; one of both is to be closed
   */
  public SkipFreeSource inPages(int pageSize) {
    FreeRanges whole = new FreeRanges();
    for (int i = 0; i < free.count(); i++) {
      long end = free.end(i);
      whole.add(
          (free.start(i) + pageSize - 1) / pageSize * pageSize,
          end == size() ? end : end / pageSize * pageSize);
    }
    return new SkipFreeSource(source, used, whole, pageSize);
  }

  /** What was found out about the source. */
  public UsedBlocks usedBlocks() {
    return used;
  }

  @Override
  public long size() {
    return source.size();
  }

  @Override
  public int sectorSize() {
    return source.sectorSize();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    long end = Math.min(size(), BlockSource.saturatedEnd(position, target.remaining()));
    int limit = target.limit();
    int first = target.position();
    long at = position;
    try {
      for (int i = free.after(at); at < end; ) {
        boolean inside = i < free.count() && free.start(i) <= at;
        long to = inside ? free.end(i) : i < free.count() ? free.start(i) : end;
        to = Math.min(end, to);
        target.limit(first + (int) (to - position));
        if (inside) {
          zero(target);
          i++;
        } else if (source.read(at, target) < to - at) {
          throw new UnreadableException(
              source.describe().location(), at, to - at, "it ends too early", null);
        }
        at = to;
      }
      return target.position() - first;
    } finally {
      target.limit(limit);
    }
  }

  private static void zero(ByteBuffer target) {
    byte[] zeros = new byte[Math.min(target.remaining(), 4096)];
    while (target.hasRemaining()) {
      target.put(zeros, 0, Math.min(zeros.length, target.remaining()));
    }
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size(), BlockSource.saturatedEnd(position, length));
    return ExtentWalk.through(position, end, at -> extentsFrom(at, end));
  }

  private Iterator<Extent> extentsFrom(long at, long end) {
    int range = free.after(at);
    if (range == free.count()) {
      return source.extents(at, end - at);
    }
    long start = free.start(range);
    return start <= at
        ? ExtentWalk.one(new Extent(at, free.end(range) - at, Extent.Kind.FREE))
        : source.extents(at, Math.min(end, start) - at);
  }

  @Override
  public void expect(long position, int length) {
    source.expect(position, length);
  }

  @Override
  public Optional<Changes> recordedChanges() {
    return source.recordedChanges();
  }

  @Override
  public int cuts() {
    return source.cuts();
  }

  /**
   * What is free is not read. A file system that was written meanwhile, or another one that is
   * there by now, may have something in it: so the maps are read once more.
   */
  @Override
  public Optional<String> twoInstants() {
    Optional<String> below = source.twoInstants();
    return below.isPresent() || free.count() == 0 ? below : usedSince();
  }

  private Optional<String> usedSince() {
    UsedBlocks now;
    try {
      now = UsedBlocks.of(source);
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      return Optional.of("what is free cannot be looked at once more: " + e.problem());
    }
    OptionalLong first = now.usedOf(free);
    return first.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "byte %d counted as free and does not any more%s: what was written there meanwhile is left out; capture a copy of one instant, or all"
                .formatted(
                    first.getAsLong(), now.doubts().isEmpty() ? "" : " (" + now.doubts() + ")"));
  }

  @Override
  public Optional<List<Extent>> written() {
    return source.written();
  }

  /** A page that is free only in part is offered with what stands in that part, as it is read. */
  @Override
  public Optional<PageOffers> pageOffers() {
    return source.pageOffers();
  }

  @Override
  public SourceInfo describe() {
    SourceInfo whole = source.describe();
    Map<String, String> details = new LinkedHashMap<>(whole.details());
    details.put(SourceInfo.FREE_SKIPPED, Long.toString(free.bytes()));
    if (pageSize > 1) {
      details.put(SourceInfo.FREE_PAGES, Integer.toString(pageSize));
    }
    if (!used.doubts().isEmpty()) {
      details.put("captured whole", used.doubts());
    }
    return new SourceInfo(whole.type(), whole.name(), whole.location(), details);
  }

  @Override
  public void close() {
    source.close();
  }
}
