package blksh.block;

import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Sources one after the other as a single one, such as the parts of a split file. */
public final class ConcatSource implements BlockSource {

  private final List<BlockSource> parts;

  /** First byte of each part, and after them the size of the whole. */
  private final long[] starts;

  /**
   * @param parts in order, at least one; closed with this layer
   */
  public ConcatSource(List<? extends BlockSource> parts) {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("no parts");
    }
    this.parts = List.copyOf(parts);
    starts = new long[parts.size() + 1];
    for (int i = 0; i < parts.size(); i++) {
      starts[i + 1] = Math.addExact(starts[i], parts.get(i).size());
    }
  }

  /** The parts in order. */
  public List<BlockSource> parts() {
    return parts;
  }

  @Override
  public long size() {
    return starts[parts.size()];
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    int limit = target.limit();
    long end = Math.min(size(), BlockSource.saturatedEnd(position, target.remaining()));
    long at = position;
    try {
      for (int part = partAt(at); at < end; part++) {
        int wanted = (int) (Math.min(end, starts[part + 1]) - at);
        if (wanted > 0) {
          target.limit(target.position() + wanted);
          readPart(part, at, target, end);
          at += wanted;
        }
      }
      return (int) Math.max(0, end - position);
    } finally {
      target.limit(limit);
    }
  }

  private void readPart(int part, long at, ByteBuffer target, long end) {
    int wanted = target.remaining();
    int count;
    try {
      count = parts.get(part).read(at - starts[part], target);
    } catch (UnreadableException e) {
      throw new UnreadableException(
          describe().toString(), starts[part] + e.start(), e.length(), e.problem(), e);
    }
    if (count < wanted) {
      throw new UnreadableException(
          describe().toString(),
          at + count,
          end - at - count,
          "part %s ends too early".formatted(parts.get(part).describe().name()),
          null);
    }
  }

  /** The part that holds a byte; the last one when there is no such byte. */
  private int partAt(long position) {
    int low = 0;
    int high = parts.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (starts[middle] <= position) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size(), BlockSource.saturatedEnd(position, length));
    return ExtentWalk.through(position, end, at -> partExtents(partAt(at), at, end));
  }

  /** The extents of a part from a byte of the whole on. */
  private Iterator<Extent> partExtents(int part, long from, long end) {
    long start = starts[part];
    Iterator<Extent> below =
        parts.get(part).extents(from - start, Math.min(end, starts[part + 1]) - from);
    return ExtentWalk.each(below, extent -> extent.moved(start));
  }

  @Override
  public int sectorSize() {
    return parts.stream().mapToInt(BlockSource::sectorSize).max().orElse(512);
  }

  @Override
  public int cuts() {
    return parts.stream().mapToInt(BlockSource::cuts).sum();
  }

  @Override
  public Optional<String> twoInstants() {
    return parts.stream().flatMap(part -> part.twoInstants().stream()).findFirst();
  }

  /** What its parts say; a part that does not, beside one that does, counts as written. */
  @Override
  public Optional<List<Extent>> written() {
    List<Extent> all = new ArrayList<>();
    boolean said = false;
    for (int i = 0; i < parts.size(); i++) {
      long start = starts[i];
      Optional<List<Extent>> ranges = parts.get(i).written();
      said |= ranges.isPresent();
      ranges.ifPresent(some -> some.forEach(range -> all.add(range.moved(start))));
      if (ranges.isEmpty() && parts.get(i).size() > 0) {
        all.add(new Extent(start, parts.get(i).size(), Extent.Kind.DATA));
      }
    }
    return said ? Optional.of(List.copyOf(all)) : Optional.empty();
  }

  @Override
  public SourceInfo describe() {
    SourceInfo first = parts.get(0).describe();
    Map<String, String> details = new LinkedHashMap<>();
    details.put("parts", Integer.toString(parts.size()));
    details.put("last", parts.get(parts.size() - 1).describe().location());
    return new SourceInfo("split " + first.type(), first.name(), first.location(), details);
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    for (BlockSource part : parts) {
      try {
        part.close();
      } catch (RuntimeException e) {
        failure = failure == null ? e : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
