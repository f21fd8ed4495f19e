package blksh.block;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.ScratchFile;
import blksh.task.Task;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * All that arrived once, in order, to be read anywhere: kept in a file without a name where
 * temporary files are. It lasts as long as the process; closing it does nothing.
 */
public final class SpooledSource implements BlockSource {

  private static final int CHUNK = 1 << 18;

  private final ScratchFile file;
  private final SourceInfo info;

  private SpooledSource(ScratchFile file, SourceInfo info) {
    this.file = file;
    this.info = info;
  }

  /**
   * Takes all of a stream.
   *
   * @param info what it is, for people
   * @param task advanced by what arrives; its end cancels it
   * @throws BlkshException when it cannot be read, or there is no space for it
   */
  public static SpooledSource of(InputStream stream, SourceInfo info, Task task) {
    ScratchFile file = new ScratchFile();
    boolean whole = false;
    try {
      byte[] chunk = new byte[CHUNK];
      for (int count = stream.read(chunk); count >= 0; count = stream.read(chunk)) {
        task.checkCancelled();
        file.append(chunk, 0, count);
        task.advance(count);
      }
      file.finish();
      whole = true;
      return new SpooledSource(file, info);
    } catch (IOException e) {
      throw IoFailure.told("read " + info, e);
    } finally {
      if (!whole) {
        file.close();
      }
    }
  }

  @Override
  public long size() {
    return file.size();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    int count = (int) Math.max(0, Math.min(target.remaining(), size() - position));
    if (count == 0) {
      return 0;
    }
    int limit = target.limit();
    target.limit(target.position() + count);
    try {
      file.read(position, target);
    } finally {
      target.limit(limit);
    }
    return count;
  }

  @Override
  public SourceInfo describe() {
    return info;
  }

  @Override
  public void close() {}
}
