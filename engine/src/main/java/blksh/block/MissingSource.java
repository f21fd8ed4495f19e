package blksh.block;

import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/** A range that is not there to be read: it says that it is bad, and why. */
public final class MissingSource implements BlockSource {

  private final String name;
  private final long size;
  private final String problem;

  /**
   * @param name of it, for people
   * @param size bytes, 0 or more
   * @param problem why it cannot be read, as a clause
   */
  public MissingSource(String name, long size, String problem) {
    this.name = name;
    this.size = size;
    this.problem = problem;
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
    if (count > 0) {
      throw new UnreadableException(name, position, count, problem, null);
    }
    return 0;
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size, BlockSource.saturatedEnd(position, length));
    return position >= end
        ? Collections.emptyIterator()
        : List.of(new Extent(position, end - position, Extent.Kind.BAD)).iterator();
  }

  @Override
  public SourceInfo describe() {
    return new SourceInfo("missing", name, "");
  }

  @Override
  public void close() {}
}
