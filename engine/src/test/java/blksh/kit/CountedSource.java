package blksh.kit;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.block.SourceInfo;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/** A medium that counts what is read from it, byte by byte. */
public class CountedSource implements BlockSource {

  /** What is behind it, to be given faults. */
  public final FaultySource source;

  /** Bytes read so far. */
  public final AtomicLong bytes = new AtomicLong();

  /** Reads so far. */
  public final AtomicLong requests = new AtomicLong();

  public CountedSource(byte[] content) {
    this(new ByteArraySource(content));
  }

  /**
   * @param medium closed with it
   */
  public CountedSource(BlockSource medium) {
    this.source = new FaultySource(medium);
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
  public SourceInfo describe() {
    return source.describe();
  }

  @Override
  public void close() {
    source.close();
  }
}
