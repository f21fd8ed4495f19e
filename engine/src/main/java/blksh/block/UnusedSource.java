package blksh.block;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/** A range that nothing uses: it reads as zeros, and says that it is free. */
public final class UnusedSource implements BlockSource {

  private final String name;
  private final long size;

  /**
   * @param name of it, for people
   * @param size bytes, 0 or more
   */
  public UnusedSource(String name, long size) {
    this.name = name;
    this.size = size;
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
    for (int i = 0; i < count; i++) {
      target.put((byte) 0);
    }
    return count;
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size, BlockSource.saturatedEnd(position, length));
    return position >= end
        ? Collections.emptyIterator()
        : List.of(new Extent(position, end - position, Extent.Kind.FREE)).iterator();
  }

  @Override
  public SourceInfo describe() {
    return new SourceInfo("unused", name, "");
  }

  @Override
  public void close() {}
}
