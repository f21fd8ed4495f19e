package blksh.block;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.OpenFile;
import blksh.io.WriteClaim;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Iterator;

/**
 * A file or block device that is read and written in place, nobody else having it. Its size does
 * not change.
 */
public final class WritableFile implements WritableSource {

  private static final int CHUNK = 1 << 20;

  private final BlockSource source;
  private final Path path;
  private final OpenFile file;
  private final WriteClaim claim;

  private WritableFile(BlockSource source, Path path, OpenFile file, WriteClaim claim) {
    this.claim = claim;
    this.source = source;
    this.path = path;
    this.file = file;
  }

  /**
   * @throws BlkshException when it cannot be opened, or as {@link WriteClaim#take}
   */
  public static WritableFile open(Path path) {
    BlockSource source = BlockSources.open(path);
    try {
      WriteClaim claim = WriteClaim.take(path, source.size(), "write to " + path);
      try {
        return new WritableFile(
            source,
            path,
            OpenFile.open(path, OpenFile.Use.WRITE, OpenFile.WhenInterrupted.CANCEL),
            claim);
      } catch (IOException | RuntimeException e) {
        claim.close();
        throw e;
      }
    } catch (IOException e) {
      source.close();
      throw IoFailure.told("write to " + path, e);
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  @Override
  public long size() {
    return source.size();
  }

  @Override
  public int sectorSize() {
    return source.sectorSize();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    return source.read(position, target);
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    return source.extents(position, length);
  }

  @Override
  public void write(long position, ByteBuffer bytes) {
    checkInside(position, bytes.remaining());
    int before = bytes.position();
    try {
      file.write(position, bytes);
    } catch (IOException e) {
      throw IoFailure.told("write to " + path, e).at(position + bytes.position() - before);
    }
  }

  private void checkInside(long position, long length) {
    if (position < 0 || length < 0 || position > size() - length) {
      throw new BlkshException(
              "write to " + path, "%d bytes do not fit, it has %d".formatted(length, source.size()))
          .at(position);
    }
  }

  @Override
  public void zero(long position, long length) {
    checkInside(position, length);
    ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(CHUNK, length));
    for (long at = position; at < position + length; at += zeros.limit()) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), position + length - at));
      write(at, zeros);
    }
  }

  @Override
  public void sync() {
    try {
      file.force(true);
    } catch (IOException e) {
      throw IoFailure.told("write to " + path, e);
    }
  }

  @Override
  public SourceInfo describe() {
    return source.describe();
  }

  @Override
  public void close() {
    try {
      file.close();
    } finally {
      claim.close();
      source.close();
    }
  }
}
