package blksh.mount;

import blksh.block.BlockSource;
import java.time.Instant;
import java.util.function.Supplier;

/**
 * A file that is opened when somebody reads it.
 *
 * @param size in bytes, of the source that will be opened
 * @param opener opens the source anew each time
 */
public record LazyFile(long size, Instant modified, Supplier<BlockSource> opener)
    implements MountFile {

  @Override
  public boolean readsAhead() {
    return true;
  }

  @Override
  public BlockSource open() {
    return opener.get();
  }
}
