package blksh.block;

import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A range of another source as a source of its own, such as a partition of a disk. */
public final class SliceSource implements PlacedSource {

  private final BlockSource source;
  private final long start;
  private final long length;

  /**
   * @param source closed with the slice
   * @param start first byte of the slice
   * @param length bytes, 0 or more; the slice must lie inside the source
   */
  public SliceSource(BlockSource source, long start, long length) {
    if (start < 0 || length < 0 || start > source.size() - length) {
      throw new IllegalArgumentException(
          "slice of %d bytes at %d in a source of %d bytes"
              .formatted(length, start, source.size()));
    }
    this.source = source;
    this.start = start;
    this.length = length;
  }

  @Override
  public BlockSource whole() {
    return source;
  }

  @Override
  public long start() {
    return start;
  }

  @Override
  public long size() {
    return length;
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    if (position >= length) {
      return 0;
    }
    int limit = target.limit();
    int wanted = (int) Math.min(target.remaining(), length - position);
    target.limit(target.position() + wanted);
    try {
      return source.read(start + position, target);
    } catch (UnreadableException e) {
      throw new UnreadableException(
          describe().toString(), e.start() - start, e.length(), e.problem(), e);
    } finally {
      target.limit(limit);
    }
  }

  @Override
  public Iterator<Extent> extents(long position, long count) {
    long end = Math.min(length, BlockSource.saturatedEnd(position, count));
    if (position >= end) {
      return Collections.emptyIterator();
    }
    return ExtentWalk.each(
        source.extents(start + position, end - position), extent -> extent.moved(-start));
  }

  @Override
  public int sectorSize() {
    return source.sectorSize();
  }

  @Override
  public void expect(long position, int count) {
    source.expect(start + position, count);
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
    return source
        .written()
        .map(
            ranges ->
                ranges.stream()
                    .filter(range -> range.start() < start + length && range.end() > start)
                    .map(range -> range.clip(start, start + length).moved(-start))
                    .toList());
  }

  @Override
  public Optional<PageOffers> pageOffers() {
    return source.pageOffers().map(offers -> offers.from(start));
  }

  @Override
  public SourceInfo describe() {
    SourceInfo whole = source.describe();
    Map<String, String> details = new LinkedHashMap<>(whole.details());
    details.put("start", Long.toString(start));
    details.put("length", Long.toString(length));
    return new SourceInfo("slice of " + whole.type(), whole.name(), whole.location(), details);
  }

  @Override
  public void close() {
    source.close();
  }
}
