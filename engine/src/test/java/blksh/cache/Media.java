package blksh.cache;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/** Media to read in tests. */
final class Media {

  static final int KIB = 1024;
  static final int MIB = 1024 * KIB;

  private Media() {}

  static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  static byte[] read(BlockSource source, long position, int length) {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    int count = source.read(position, buffer);
    return Arrays.copyOf(buffer.array(), count);
  }

  /** A medium that counts what is read from it, byte by byte. */
  static class Counted implements BlockSource {
    final FaultySource source;
    final AtomicLong bytes = new AtomicLong();
    final AtomicLong requests = new AtomicLong();

    Counted(byte[] content) {
      this.source = new FaultySource(new ByteArraySource(content));
    }

    @Override
    public long size() {
      return source.size();
    }

    @Override
    public int read(long position, ByteBuffer target) {
      requests.incrementAndGet();
      int before = target.position();
      try {
        return source.read(position, target);
      } finally {
        bytes.addAndGet(target.position() - before);
      }
    }

    @Override
    public blksh.block.SourceInfo describe() {
      return source.describe();
    }

    @Override
    public void close() {
      source.close();
    }
  }
}
