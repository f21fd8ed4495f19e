package blksh.luks;

import blksh.block.BlockSource;
import blksh.block.ComposedSource;
import blksh.block.Extent;
import blksh.block.ExtentWalk;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;

/**
 * What a volume holds, decrypted as it is read: whole sectors, many at once, on all cores where
 * much is asked for. A hole below is none here: it decrypts to noise, as it does in the kernel.
 */
final class DecryptedSource implements ComposedSource {

  /** Read and decrypted in one turn; memory of a read that is not aligned. */
  private static final int TURN = 1 << 20;

  /** What one core decrypts at a time: less is not worth another. */
  private static final int SHARE = 1 << 16;

  private final BlockSource source;
  private final LuksHeader header;
  private final byte[] key;
  private final long size;
  private final ConcurrentLinkedQueue<SectorCipher> ciphers = new ConcurrentLinkedQueue<>();

  DecryptedSource(BlockSource source, LuksHeader header, byte[] key, long size) {
    this.source = source;
    this.header = header;
    this.key = key;
    this.size = size;
  }

  @Override
  public List<BlockSource> below() {
    return List.of(source);
  }

  @Override
  public int sectorSize() {
    return Math.max(source.sectorSize(), header.sector());
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
    long end = Math.min(size, BlockSource.saturatedEnd(position, target.remaining()));
    long at = position;
    while (at < end) {
      long first = at / header.sector() * header.sector();
      long last = (end + header.sector() - 1) / header.sector() * header.sector();
      byte[] bytes = new byte[(int) Math.min(TURN, last - first)];
      UnreadableException bad = fill(first, bytes);
      int good = bad == null ? bytes.length : goodBytes(first, bad);
      decrypt(first, bytes, good);
      int from = (int) (at - first);
      int count = (int) Math.min(end - at, good - from);
      if (count > 0) {
        target.put(bytes, from, count);
        at += count;
      }
      if (bad != null) {
        throw unreadable(bad, at, end);
      }
    }
    return (int) Math.max(0, end - position);
  }

  /**
   * @return what could not be read of it, or null
   */
  private UnreadableException fill(long first, byte[] bytes) {
    try {
      int count = source.read(header.start() + first, ByteBuffer.wrap(bytes));
      return count == bytes.length
          ? null
          : new UnreadableException(
              describe().toString(),
              header.start() + first + count,
              bytes.length - count,
              "%s ends too early".formatted(source.describe()),
              null);
    } catch (UnreadableException e) {
      return e;
    }
  }

  /** Whole sectors before what cannot be read. */
  private int goodBytes(long first, UnreadableException bad) {
    long bytes = Math.max(0, bad.start() - header.start() - first);
    return (int) (bytes / header.sector() * header.sector());
  }

  private UnreadableException unreadable(UnreadableException bad, long at, long end) {
    int sector = header.sector();
    long start = Math.max(at, (bad.start() - header.start()) / sector * sector);
    long after = bad.start() + bad.length() - header.start();
    long stop = Math.min(end, (after + sector - 1) / sector * sector);
    return new UnreadableException(
        describe().toString(), start, Math.max(1, stop - start), bad.problem(), bad);
  }

  private void decrypt(long first, byte[] bytes, int length) {
    int share = Math.max(SHARE, header.sector());
    int shares = (length + share - 1) / share;
    IntStream parts = IntStream.range(0, shares);
    (shares > 1 ? parts.parallel() : parts)
        .forEach(
            part -> {
              int offset = part * share;
              SectorCipher cipher = borrow();
              cipher.decrypt(
                  bytes,
                  offset,
                  Math.min(share, length - offset),
                  header.firstVector() + (first + offset) / SectorCipher.COUNTED);
              ciphers.add(cipher);
            });
  }

  private SectorCipher borrow() {
    SectorCipher cipher = ciphers.poll();
    if (cipher != null) {
      return cipher;
    }
    try {
      return new SectorCipher(header.cipher(), key, header.sector());
    } catch (LuksProblem e) {
      throw new IllegalStateException(e.getMessage(), e); // it decrypted a key slot before
    }
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size, BlockSource.saturatedEnd(position, length));
    return ExtentWalk.through(position, end, at -> extentsFrom(at, end));
  }

  private Iterator<Extent> extentsFrom(long at, long end) {
    long start = header.start();
    Iterator<Extent> below = source.extents(start + at, end - at);
    return ExtentWalk.each(
        below,
        extent ->
            extent.kind().readsAsZeros()
                ? new Extent(extent.start() - start, extent.length(), Extent.Kind.DATA)
                : extent.moved(-start));
  }

  @Override
  public SourceInfo describe() {
    SourceInfo whole = source.describe();
    Map<String, String> details = new LinkedHashMap<>();
    details.put("encryption", "LUKS%d, %s".formatted(header.version(), header.cipher()));
    details.put("uuid", header.uuid());
    return new SourceInfo("decrypted " + whole.type(), whole.name(), whole.location(), details);
  }

  @Override
  public void close() {
    ciphers.clear();
    source.close();
  }
}
