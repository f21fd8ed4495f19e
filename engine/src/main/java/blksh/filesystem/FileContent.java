package blksh.filesystem;

import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.ExtentWalk;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.util.Iterator;

/** The content of a file in pieces on a volume. */
final class FileContent implements BlockSource {

  private final Volume volume;
  private final String path;
  private final long size;
  private final FileRun.Map runs;

  FileContent(Volume volume, FileEntry file, FileRun.Map runs) {
    this(volume, file.path(), file.size(), runs);
  }

  FileContent(Volume volume, String path, long size, FileRun.Map runs) {
    this.volume = volume;
    this.path = path;
    this.size = size;
    this.runs = runs;
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
    int limit = target.limit();
    long end = Math.min(size, BlockSource.saturatedEnd(position, target.remaining()));
    long at = position;
    try {
      while (at < end) {
        FileRun run = runs.at(at);
        int count = (int) (Math.min(end, run.end()) - at);
        target.limit(target.position() + count);
        if (run.isHole()) {
          target.put(new byte[count]);
        } else {
          readRun(run.at() + (at - run.start()), at, target);
        }
        at += count;
      }
      return (int) Math.max(0, at - position);
    } finally {
      target.limit(limit);
    }
  }

  private void readRun(long from, long at, ByteBuffer target) {
    if (from < 0 || from > volume.source().size() - target.remaining()) {
      throw volume.damage("%s has data where the volume has none".formatted(path));
    }
    try {
      volume.source().read(from, target);
    } catch (UnreadableException e) {
      throw new UnreadableException(path, at + e.start() - from, e.length(), e.problem(), e);
    }
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size, BlockSource.saturatedEnd(position, length));
    return ExtentWalk.of(
        position,
        end,
        at -> {
          FileRun run = runs.at(at);
          Extent.Kind kind = run.isHole() ? Extent.Kind.ZERO : Extent.Kind.DATA;
          return new Extent(at, run.end() - at, kind);
        });
  }

  @Override
  public SourceInfo describe() {
    SourceInfo below = volume.source().describe();
    return new SourceInfo("file in " + below.type(), path, below.location() + ":" + path);
  }

  @Override
  public void close() {}
}
