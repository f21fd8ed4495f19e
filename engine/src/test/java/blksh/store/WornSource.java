package blksh.store;

import blksh.block.BlockSource;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;

/** A drive every other sector of which cannot be read; nothing of it is held. */
final class WornSource implements BlockSource {

  static final int SECTOR = 512;

  private final long size;

  WornSource(long size) {
    this.size = size;
  }

  /** The byte at a position, when it can be read. */
  static byte at(long position) {
    return (byte) (1 + position / SECTOR % 100);
  }

  static boolean isBad(long position) {
    return position / SECTOR % 2 == 1;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long position, ByteBuffer target) {
    int start = target.position();
    while (target.hasRemaining() && position + target.position() - start < size) {
      long at = position + target.position() - start;
      if (isBad(at)) {
        throw new UnreadableException("a worn drive", at, target.remaining(), "worn", null);
      }
      target.put(at(at));
    }
    return target.position() - start;
  }

  @Override
  public SourceInfo describe() {
    return new SourceInfo("drive", "worn", "nowhere");
  }

  @Override
  public void close() {}
}
