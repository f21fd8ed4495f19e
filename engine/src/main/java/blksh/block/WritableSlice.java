package blksh.block;

import java.nio.ByteBuffer;
import java.util.Iterator;

/** A range of a source that can be written, as a source of its own that can be written. */
public final class WritableSlice implements WritableSource {

  private final WritableSource source;
  private final SliceSource slice;
  private final long start;

  /**
   * @param source closed with the slice
   * @param start first byte of the slice
   * @param length bytes, 0 or more; the slice must lie inside the source
   */
  public WritableSlice(WritableSource source, long start, long length) {
    this.source = source;
    this.slice = new SliceSource(source, start, length);
    this.start = start;
  }

  @Override
  public long size() {
    return slice.size();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    return slice.read(position, target);
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    return slice.extents(position, length);
  }

  @Override
  public int sectorSize() {
    return slice.sectorSize();
  }

  @Override
  public void write(long position, ByteBuffer bytes) {
    mustBeInside(position, bytes.remaining());
    source.write(start + position, bytes);
  }

  @Override
  public void zero(long position, long length) {
    mustBeInside(position, length);
    source.zero(start + position, length);
  }

  private void mustBeInside(long position, long length) {
    if (position < 0 || length < 0 || position > size() - length) {
      throw new IllegalArgumentException(
          "%d bytes at %d of a slice of %d bytes".formatted(length, position, size()));
    }
  }

  @Override
  public void sync() {
    source.sync();
  }

  @Override
  public SourceInfo describe() {
    return slice.describe();
  }

  @Override
  public void close() {
    slice.close();
  }
}
