package blksh.store;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.DirectSource;
import blksh.block.Extent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What was restored, read again and compared with the image: a drive past what this machine has of
 * it in memory, where that is possible; a file as the system gives it. Writes nothing.
 */
final class ReadBack extends RestoreTarget {

  private final Path path;
  private final BlockSource there;
  private final Predicate<Extent.Kind> kept;

  /**
   * @param kept which kinds were left as they were
   */
  ReadBack(Path path, Predicate<Extent.Kind> kept) {
    this.path = path;
    this.there = Files.isRegularFile(path) ? BlockSources.open(path) : DirectSource.open(path);
    this.kept = kept;
  }

  @Override
  void write(long position, byte[] from, int offset, int length) {
    byte[] found = new byte[length];
    int read = there.read(position, ByteBuffer.wrap(found));
    int same = Arrays.mismatch(found, 0, read, from, offset, offset + length);
    if (same >= 0) {
      throw new BlkshException(
              "read back what was restored to " + path, "other bytes are there than were written")
          .at(position + same)
          .suggest("do not rely on it: it does not keep what is written, or another writes to it");
    }
    count(length);
  }

  @Override
  void zeros(long position, long length) throws IOException {
    writeZeros(position, length); // which compares here
  }

  @Override
  boolean mayKeep(Extent.Kind kind) {
    return kept.test(kind);
  }

  @Override
  boolean readsBack() {
    return true;
  }

  @Override
  void finish() {}

  @Override
  Optional<String> left() {
    return Optional.empty();
  }

  @Override
  public void close() {
    there.close();
  }
}
