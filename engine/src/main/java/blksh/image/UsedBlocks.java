package blksh.image;

import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.SourceInfo;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * A partition as its file system uses it: blocks the file system counts as free are FREE extents
 * and read as zeros. The source must not be mounted, or its map may be older than its contents.
 */
public final class UsedBlocks implements BlockSource {

  private final BlockSource source;
  private final String fileSystem;
  private final Bitmap used;
  private final int blockSize;

  UsedBlocks(BlockSource source, String fileSystem, Bitmap used, int blockSize) {
    this.source = source;
    this.fileSystem = fileSystem;
    this.used = used;
    this.blockSize = blockSize;
  }

  /**
   * Reads the map of a file system: ext2, ext3 and ext4, FAT12, FAT16 and FAT32.
   *
   * @param source closed with the result
   * @return nothing when the file system is none of these, or is not in a state to trust its map:
   *     its journal was not replayed, or the map contradicts itself
   */
  public static Optional<UsedBlocks> of(BlockSource source) {
    return switch (Contents.of(source).orElse("")) {
      case "EXTFS" -> ExtMap.of(source);
      case "FAT12", "FAT16", "FAT32" -> FatMap.of(source);
      default -> Optional.empty();
    };
  }

  /** Bytes of a block of the file system. */
  public int blockSize() {
    return blockSize;
  }

  /** Bytes in use. */
  public long usedBytes() {
    return used.used() * blockSize;
  }

  @Override
  public long size() {
    return source.size();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    int wanted = (int) Math.min(target.remaining(), Math.max(0, size() - position));
    int limit = target.limit();
    try {
      for (Iterator<Extent> extents = ranges(position, position + wanted); extents.hasNext(); ) {
        Extent extent = extents.next();
        if (extent.kind() == Extent.Kind.FREE) {
          for (long left = extent.length(); left > 0; left--) {
            target.put((byte) 0);
          }
        } else {
          target.limit(target.position() + (int) extent.length());
          source.read(extent.start(), target);
          target.limit(limit);
        }
      }
      return wanted;
    } finally {
      target.limit(limit);
    }
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    Iterator<Extent> ranges =
        ranges(position, Math.min(size(), BlockSource.saturatedEnd(position, length)));
    return new Iterator<>() {
      private Iterator<Extent> below = Collections.emptyIterator();

      @Override
      public boolean hasNext() {
        return below.hasNext() || ranges.hasNext();
      }

      @Override
      public Extent next() {
        if (below.hasNext()) {
          return below.next();
        }
        Extent range = ranges.next();
        if (range.kind() == Extent.Kind.FREE) {
          return range;
        }
        below = source.extents(range.start(), range.length());
        return below.next();
      }
    };
  }

  /**
   * Ranges that are free, and ranges that are used. No file system here uses what is behind its
   * blocks.
   */
  private Iterator<Extent> ranges(long from, long to) {
    return new Iterator<>() {
      private long at = from;

      @Override
      public boolean hasNext() {
        return at < to;
      }

      @Override
      public Extent next() {
        if (at >= to) {
          throw new NoSuchElementException();
        }
        long block = at / blockSize;
        long limit = Math.min(used.blocks(), (to - 1) / blockSize + 1);
        long end = to;
        Extent.Kind kind = Extent.Kind.FREE;
        if (block < limit) {
          long next = used.nextUsed(block, limit);
          if (next == block) {
            kind = Extent.Kind.DATA;
            next = used.nextUnused(block, limit);
          }
          end = next == limit && kind == Extent.Kind.FREE ? to : Math.min(to, next * blockSize);
        }
        Extent extent = new Extent(at, end - at, kind);
        at = end;
        return extent;
      }
    };
  }

  @Override
  public int sectorSize() {
    return source.sectorSize();
  }

  @Override
  public SourceInfo describe() {
    SourceInfo below = source.describe();
    Map<String, String> details = new LinkedHashMap<>(below.details());
    details.put("file system", fileSystem);
    details.put("used", Long.toString(usedBytes()));
    return new SourceInfo(below.type(), below.name(), below.location(), details);
  }

  @Override
  public void close() {
    source.close();
  }
}
