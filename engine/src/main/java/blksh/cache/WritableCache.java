package blksh.cache;

import blksh.BlkshException;
import blksh.block.CacheFigures;
import blksh.block.Extent;
import blksh.block.SourceInfo;
import blksh.block.WritableSource;
import java.nio.ByteBuffer;
import java.util.Iterator;

/**
 * A cache that is written through. A write returns when the source has it, and is read from the
 * cache from then on.
 */
public final class WritableCache implements WritableSource, CacheFigures.Counting {

  private static final int CHUNK = 1 << 20;

  private final Cache cache;
  private final WriteThrough through;

  WritableCache(Cache cache, WriteThrough through) {
    this.cache = cache;
    this.through = through;
  }

  /** The cache, to fill it and to look at its map. */
  public Cache cache() {
    return cache;
  }

  @Override
  public CacheFigures cacheFigures() {
    return cache.cacheFigures();
  }

  @Override
  public long size() {
    return cache.size();
  }

  @Override
  public int sectorSize() {
    return cache.sectorSize();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    return cache.read(position, target);
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    return cache.extents(position, length);
  }

  @Override
  public void write(long position, ByteBuffer bytes) {
    checkInside(position, bytes.remaining());
    int limit = bytes.limit();
    long at = position;
    try {
      while (bytes.position() < limit) {
        bytes.limit(Math.min(limit, bytes.position() + CHUNK));
        ByteBuffer kept = bytes.duplicate();
        int count = bytes.remaining();
        long from = at;
        through.write(from, from + count, kept, source -> source.write(from, bytes));
        at += count;
      }
    } finally {
      bytes.limit(limit);
    }
  }

  @Override
  public void zero(long position, long length) {
    checkInside(position, length);
    if (length > 0) {
      through.write(position, position + length, null, source -> source.zero(position, length));
    }
  }

  private void checkInside(long position, long length) {
    if (position < 0 || length < 0 || position > size() - length) {
      throw new BlkshException(
              "write to " + describe().name(),
              "%d bytes do not fit, it has %d".formatted(length, size()))
          .at(position);
    }
  }

  @Override
  public void sync() {
    through.sync();
  }

  @Override
  public SourceInfo describe() {
    return cache.describe();
  }

  @Override
  public void close() {
    cache.close();
  }
}
