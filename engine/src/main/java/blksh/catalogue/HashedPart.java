package blksh.catalogue;

import blksh.block.BlockSource;
import blksh.block.SourceInfo;
import blksh.io.Sha256;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.function.Consumer;

/** A source that is read from its first byte to its last, and whose digest is told then. */
final class HashedPart implements BlockSource {

  private final BlockSource source;
  private final Consumer<byte[]> told;
  private final MessageDigest digest = Sha256.begin();
  private long at;

  HashedPart(BlockSource source, Consumer<byte[]> told) {
    this.source = source;
    this.told = told;
  }

  @Override
  public long size() {
    return source.size();
  }

  @Override
  public synchronized int read(long position, ByteBuffer target) {
    ByteBuffer read = target.duplicate();
    int length = source.read(position, target);
    if (position == at && length > 0) {
      digest.update(read.limit(read.position() + length));
      at += length;
      if (at == size()) {
        told.accept(digest.digest());
      }
    }
    return length;
  }

  @Override
  public SourceInfo describe() {
    return source.describe();
  }

  @Override
  public void close() {
    source.close();
  }
}
