package blksh.block;

import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/**
 * A range of which nothing is kept: as nothing uses it, so that it reads as zeros and is free, or
 * though it was used, so that it cannot be read.
 */
public final class UnkeptSource implements BlockSource {

  private final String name;
  private final long size;

  /** Why it cannot be read, or null when nothing uses it. */
  private final String problem;

  private UnkeptSource(String name, long size, String problem) {
    this.name = name;
    this.size = size;
    this.problem = problem;
  }

  /**
   * One that nothing uses.
   *
   * @param name of it, for people
   * @param size bytes, 0 or more
   */
  public static UnkeptSource free(String name, long size) {
    return new UnkeptSource(name, size, null);
  }

  /**
   * One that cannot be read.
   *
   * @param name of it, for people
   * @param size bytes, 0 or more
   * @param problem why, as a clause
   */
  public static UnkeptSource missing(String name, long size, String problem) {
    return new UnkeptSource(name, size, problem);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    int count = (int) Math.max(0, Math.min(target.remaining(), size - position));
    if (problem != null && count > 0) {
      throw new UnreadableException(name, position, count, problem, null);
    }
    for (int i = 0; i < count; i++) {
      target.put((byte) 0);
    }
    return count;
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size, BlockSource.saturatedEnd(position, length));
    Extent.Kind kind = problem == null ? Extent.Kind.FREE : Extent.Kind.BAD;
    return position >= end
        ? Collections.emptyIterator()
        : List.of(new Extent(position, end - position, kind)).iterator();
  }

  @Override
  public SourceInfo describe() {
    return new SourceInfo(problem == null ? "unused" : "missing", name, "");
  }

  @Override
  public void close() {}
}
