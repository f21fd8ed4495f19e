package blksh.block;

import blksh.io.OpenFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Iterator;

/**
 * A regular file. Its holes are ZERO extents; its size is the one it had when opened, and what was
 * cut off since is unreadable.
 */
public final class FileSource implements BlockSource {

  private final OpenFile file;
  private final Holes holes;

  private FileSource(OpenFile file) {
    this.file = file;
    this.holes = new Holes(file);
  }

  /**
   * @throws blksh.BlkshException when it is no regular file or cannot be opened
   */
  public static FileSource open(Path path) {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw BlockSources.refusal(path, "it is no regular file");
    }
    return new FileSource(OpenFile.open(path));
  }

  @Override
  public long size() {
    return file.size();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    return file.read(position, target);
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size(), BlockSource.saturatedEnd(position, length));
    return position >= end ? Collections.emptyIterator() : holes.extents(position, end);
  }

  @Override
  public SourceInfo describe() {
    return new SourceInfo("file", file.path().getFileName().toString(), file.path().toString());
  }

  @Override
  public void close() {
    holes.close();
    file.close();
  }
}
