package blksh.mount;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.WritableSource;
import java.time.Instant;
import java.util.Iterator;

/**
 * A file that shows a source which is open already and stays so: whoever opened it closes it, after
 * the mount has ended.
 */
public record SourceFile(BlockSource source, Instant modified, boolean readsAhead)
    implements MountFile {

  /** One that nothing is read ahead of. */
  public SourceFile(BlockSource source, Instant modified) {
    this(source, modified, false);
  }

  /** More are not looked at to tell how much of it is holes. */
  private static final int MOST_EXTENTS = 1000;

  @Override
  public long size() {
    return source.size();
  }

  @Override
  public long allocated() {
    try {
      long bytes = size();
      int looked = 0;
      for (Iterator<Extent> all = source.extents();
          all.hasNext() && looked < MOST_EXTENTS;
          looked++) {
        Extent extent = all.next();
        bytes -= extent.kind().readsAsZeros() ? extent.length() : 0;
      }
      return bytes;
    } catch (BlkshException e) {
      return size(); // where its holes are is damaged; reading says so
    }
  }

  @Override
  public boolean writable() {
    return source instanceof WritableSource;
  }

  @Override
  public BlockSource open() {
    return source;
  }

  @Override
  public void release(BlockSource opened) {}
}
