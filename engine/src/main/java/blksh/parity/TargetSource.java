package blksh.parity;

import blksh.block.BlockSource;
import blksh.block.SourceInfo;
import blksh.io.TargetFile;
import blksh.io.UnreadableException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** What was written to a target, read again. */
record TargetSource(TargetFile target, long size) implements BlockSource {

  @Override
  public int read(long position, ByteBuffer to) {
    int wanted = (int) Math.min(to.remaining(), Math.max(0, size - position));
    int limit = to.limit();
    to.limit(to.position() + wanted);
    try {
      target.read(position, to);
    } catch (IOException e) {
      throw new UnreadableException("what was written", position, wanted, e.getMessage(), e);
    } finally {
      to.limit(limit);
    }
    return wanted;
  }

  @Override
  public SourceInfo describe() {
    return new SourceInfo("file", "target", "-");
  }

  @Override
  public void close() {
    // whoever opened the target does
  }
}
