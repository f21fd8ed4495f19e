package blksh.cache;

import blksh.block.BlockSource;
import blksh.block.MediumGoneException;
import blksh.block.SourceInfo;
import java.nio.ByteBuffer;

/** A source that is not there: only what a cache holds of it can be read. */
final class AbsentSource implements BlockSource {

  private final String location;
  private final long size;

  AbsentSource(String location, long size) {
    this.location = location;
    this.size = size;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long position, ByteBuffer target) {
    int wanted = (int) Math.min(target.remaining(), Math.max(0, size - position));
    if (wanted == 0) {
      return 0;
    }
    throw new MediumGoneException(location, position, wanted, "the medium is not there", null);
  }

  @Override
  public SourceInfo describe() {
    int slash = location.lastIndexOf('/');
    return new SourceInfo("absent medium", location.substring(slash + 1), location);
  }

  @Override
  public void close() {}
}
