package blksh.mount;

import blksh.block.BlockSource;
import blksh.block.DeviceSource;
import blksh.block.FileSource;
import blksh.block.WritableSource;
import java.time.Instant;

/**
 * A file that shows a source which is open already and stays so: whoever opened it closes it, after
 * the mount has ended.
 */
public record SourceFile(BlockSource source, Instant modified) implements MountFile {

  @Override
  public long size() {
    return source.size();
  }

  @Override
  public boolean writable() {
    return source instanceof WritableSource;
  }

  /** All but plain files and devices, which the kernel reads ahead by itself. */
  @Override
  public boolean readsAhead() {
    return !writable() && !(source instanceof FileSource) && !(source instanceof DeviceSource);
  }

  @Override
  public BlockSource open() {
    return source;
  }

  @Override
  public void release(BlockSource opened) {}
}
