package blksh.store.diskdump;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.ExtentWalk;
import blksh.block.SourceInfo;
import blksh.io.IoFailure;
import blksh.io.UnreadableException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.Iterator;

/**
 * What was dumped, read at any position. Every byte comes from a block that has its digest; blocks
 * of zeros, known by theirs, need not be read. What a dump that ended early lacks is bad, and so
 * are blocks that have no file.
 */
final class DumpSource implements BlockSource {

  /** Digests read at once. */
  private static final int CHUNK = 1024;

  /** Blocks looked at for one extent. */
  private static final int LONGEST_RUN = 1 << 16;

  private final DumpManifest manifest;
  private final Dump dump;
  private final SourceInfo info;
  private final DiskdumpPlace place;
  private final int blockSize;
  private final byte[] zeroBlock;
  private final byte[] zeroRest;

  /** Digests around those that were asked for last; guarded by this. */
  private final byte[] chunk = new byte[CHUNK * DiskdumpPlace.DIGEST];

  private long chunkFirst;
  private int chunkCount;

  /**
   * @param manifest closed with this
   */
  DumpSource(DiskdumpPlace place, DumpManifest manifest, Dump dump, SourceInfo info) {
    this.manifest = manifest;
    this.dump = dump;
    this.info = info;
    this.place = place;
    this.blockSize = manifest.blockSize();
    this.zeroBlock = Digests.ofZeros(blockSize);
    this.zeroRest = Digests.ofZeros((int) (dump.size() % blockSize));
    BlockCache.shared().forgetLost(place);
  }

  @Override
  public long size() {
    return dump.size();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    long end = Math.min(size(), BlockSource.saturatedEnd(position, target.remaining()));
    for (long at = position; at < end; ) {
      long block = at / blockSize;
      int from = (int) (at - block * blockSize);
      int count = (int) Math.min(end - at, blockSize - from);
      byte[] digest = new byte[DiskdumpPlace.DIGEST];
      if (block >= manifest.blocks()) {
        throw unreadable(at, end - at, "the dump ended before it");
      }
      String none = digest(block, digest);
      if (none != null) {
        throw unreadable(at, count, none);
      }
      if (isZero(block, digest)) {
        target.put(new byte[count]);
      } else {
        put(digest, from, count, at, target);
      }
      at += count;
    }
    return (int) Math.max(0, end - position);
  }

  private void put(byte[] digest, int from, int count, long at, ByteBuffer target) {
    String hex = DiskdumpPlace.hex(digest, 0);
    BlockFile read;
    try {
      read = BlockCache.shared().block(place, hex, blockSize);
    } catch (IOException e) {
      throw new OutOfReach("read block " + hex + " of " + place.base(), e);
    }
    if (!read.isSound()) {
      mustBeThere(hex);
      throw unreadable(at, count, "block " + hex + ": " + read.problem());
    }
    int have = Math.max(0, Math.min(count, read.bytes().length - from));
    target.put(read.bytes(), Math.min(from, read.bytes().length), have);
    if (have < count) {
      String problem = "block %s has only %d bytes".formatted(hex, read.bytes().length);
      throw unreadable(at + have, count - have, problem);
    }
  }

  private UnreadableException unreadable(long start, long length, String problem) {
    return new UnreadableException(dump.reference(), start, length, problem, null);
  }

  /**
   * The digest of a block.
   *
   * @return why there is none; null when there is
   */
  private synchronized String digest(long block, byte[] to) {
    try {
      if (block < chunkFirst || block >= chunkFirst + chunkCount) {
        load(block);
      }
    } catch (DumpManifest.Refused e) {
      return "manifest " + manifest.path() + ": " + e.getMessage();
    } catch (IOException e) {
      throw new OutOfReach("read manifest " + manifest.path(), e);
    }
    System.arraycopy(
        chunk, (int) (block - chunkFirst) * DiskdumpPlace.DIGEST, to, 0, DiskdumpPlace.DIGEST);
    return null;
  }

  /** The digests around a block; where one of them is none, that of the block alone. */
  private void load(long block) throws IOException {
    long first = block / CHUNK * CHUNK;
    int count = (int) Math.min(CHUNK, manifest.blocks() - first);
    chunkCount = 0;
    try {
      manifest.digests(first, count, chunk);
    } catch (DumpManifest.Refused e) {
      first = block;
      count = 1;
      manifest.digests(first, count, chunk);
    }
    chunkFirst = first;
    chunkCount = count;
  }

  /** What keeps it from being read now, and need not for ever: nothing is known to be lost. */
  static final class OutOfReach extends BlkshException {
    OutOfReach(String action, IOException cause) {
      super(action, IoFailure.reason(cause), cause);
    }

    @Override
    public String kind() {
      return "Failure";
    }
  }

  private boolean isZero(long block, byte[] digest) {
    boolean shorter = (block + 1) * blockSize > dump.size();
    return Digests.same(digest, 0, zeroBlock) || shorter && Digests.same(digest, 0, zeroRest);
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size(), BlockSource.saturatedEnd(position, length));
    return ExtentWalk.of(position, end, at -> extent(at, end));
  }

  /** As many blocks of one kind as follow on each other, as far as is looked. */
  private Extent extent(long position, long end) {
    long first = position / blockSize;
    Extent.Kind kind = kind(first);
    if (first >= manifest.blocks()) {
      return new Extent(position, size() - position, kind);
    }
    long last = first + 1;
    while (last - first < LONGEST_RUN && last * blockSize < end && kind(last) == kind) {
      last++;
    }
    return new Extent(position, Math.min(size(), last * blockSize) - position, kind);
  }

  private Extent.Kind kind(long block) {
    if (block >= manifest.blocks()) {
      return Extent.Kind.BAD;
    }
    byte[] digest = new byte[DiskdumpPlace.DIGEST];
    if (digest(block, digest) != null) {
      return Extent.Kind.BAD;
    }
    if (isZero(block, digest)) {
      return Extent.Kind.ZERO;
    }
    String hex = DiskdumpPlace.hex(digest, 0);
    if (!place.isLost(hex)) {
      return Extent.Kind.DATA;
    }
    mustBeThere(hex);
    return Extent.Kind.BAD;
  }

  /** Nothing is lost of a store that went away with all it has, as with its disk. */
  private void mustBeThere(String hex) {
    if (!Files.isRegularFile(manifest.path())) {
      throw new OutOfReach(
          "read block " + hex + " of " + place.base(),
          new NoSuchFileException(manifest.path().toString()));
    }
  }

  @Override
  public SourceInfo describe() {
    return info;
  }

  @Override
  public void close() {
    manifest.close();
  }
}
