package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.ExtentWalk;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import blksh.lz.BadChunkException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The content of a file of btrfs: extents within its tree, as they are on the device, or compressed
 * by 128 KiB at most; what was only reserved, and what no extent is for, is zeros.
 */
final class BtrfsContent implements BlockSource {

  /** Bytes that are read at once. */
  private static final int BATCH = 256 << 10;

  /** Extents that stay decoded. */
  private static final int KEPT = 2;

  // Where an extent has what, and what it may be.
  private static final int RAM_BYTES = 8;
  private static final int COMPRESSION = 16;
  private static final int ENCRYPTION = 17;
  private static final int ENCODING = 18;
  private static final int TYPE = 20;
  private static final int INLINE_DATA = 21;
  private static final int DISK = 21;
  private static final int DISK_BYTES = 29;
  private static final int OFFSET = 37;
  private static final int BYTES = 45;
  private static final int LENGTH = 53;
  private static final int INLINE = 0;
  private static final int REGULAR = 1;
  private static final int RESERVED = 2;

  /** What a stretch of the file is. */
  private enum Kind {
    ZEROS,
    WITHIN,
    PLAIN,
    PACKED
  }

  /** A stretch of the file that is one extent, or nothing. */
  private record Piece(long start, long end, Kind kind, BtrfsItem item) {

    static Piece zeros(long start, long end) {
      return new Piece(start, end, Kind.ZEROS, null);
    }

    boolean holds(long at) {
      return at >= start && at < end;
    }

    long disk() {
      return item.i64(DISK);
    }

    int ram() {
      return (int) item.i64(RAM_BYTES);
    }

    BtrfsCompression compression() {
      return BtrfsCompression.values()[item.u8(COMPRESSION)];
    }
  }

  private record Decoded(long disk, byte[] bytes) {}

  private final BtrfsTree tree;
  private final BtrfsNodes.Root root;
  private final FileEntry file;
  private final long inode;
  private final boolean summed;
  private final int sector;
  private final AtomicReference<Piece> last = new AtomicReference<>(Piece.zeros(0, 0));
  private final AtomicReferenceArray<Decoded> decoded = new AtomicReferenceArray<>(KEPT);

  /**
   * @param inode its number
   * @param summed whether its data has checksums
   */
  BtrfsContent(BtrfsTree tree, BtrfsNodes.Root root, FileEntry file, long inode, boolean summed) {
    this.tree = tree;
    this.root = root;
    this.file = file;
    this.inode = inode;
    this.summed = summed;
    this.sector = tree.sectorSize();
  }

  @Override
  public long size() {
    return file.size();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    long end = Math.min(size(), BlockSource.saturatedEnd(position, target.remaining()));
    long at = position;
    while (at < end) {
      Piece piece = piece(at);
      int count = (int) Math.min(BATCH, Math.min(end, piece.end) - at);
      int skipped = (int) Math.min(Integer.MAX_VALUE, at - piece.start);
      at +=
          switch (piece.kind) {
            case ZEROS -> put(target, new byte[count], 0, count);
            case WITHIN -> put(target, within(piece), skipped, count);
            case PLAIN -> readPlain(piece, at, count, target);
            case PACKED -> {
              long from = piece.item.i64(OFFSET) + (at - piece.start);
              yield put(target, unpacked(piece, at), (int) from, count);
            }
          };
    }
    return (int) Math.max(0, at - position);
  }

  private static int put(ByteBuffer target, byte[] bytes, int from, int count) {
    target.put(bytes, from, count);
    return count;
  }

  private int readPlain(Piece piece, long at, int wanted, ByteBuffer target) {
    long first = at / sector * sector;
    int skipped = (int) (at - first);
    int count = Math.min(wanted, BATCH - skipped);
    int length = (skipped + count + sector - 1) / sector * sector;
    byte[] bytes = new byte[length];
    long address = piece.disk() + piece.item.i64(OFFSET) + (first - piece.start);
    BtrfsData.Outcome outcome = tree.data().read(address, bytes, length, summed);
    int right = Math.max(0, Math.min(count, outcome.right() - skipped));
    target.put(bytes, skipped, right);
    if (right < count) {
      long lost = at + right;
      throw lost(lost, Math.min(size(), (lost / sector + 1) * sector), outcome.problem());
    }
    return count;
  }

  private UnreadableException lost(long start, long end, String problem) {
    return new UnreadableException(file.path(), start, end - start, problem, null);
  }

  /** What lies within the tree. */
  private byte[] within(Piece piece) {
    BtrfsItem item = piece.item;
    byte[] stored = item.bytes(INLINE_DATA, item.length() - INLINE_DATA);
    return piece.compression() == BtrfsCompression.NONE
        ? stored
        : decode(piece, stored, piece.start);
  }

  /** A whole extent that was compressed. */
  private byte[] unpacked(Piece piece, long at) {
    int slot = (int) (piece.disk() / sector % KEPT);
    Decoded known = decoded.get(slot);
    if (known == null || known.disk != piece.disk() || known.bytes.length != piece.ram()) {
      byte[] stored = new byte[(int) piece.item.i64(DISK_BYTES)];
      BtrfsData.Outcome outcome = tree.data().read(piece.disk(), stored, stored.length, summed);
      if (outcome.problem() != null) {
        throw lost(at, Math.min(size(), piece.end), outcome.problem());
      }
      known = new Decoded(piece.disk(), decode(piece, stored, at));
      decoded.set(slot, known);
    }
    return known.bytes;
  }

  private byte[] decode(Piece piece, byte[] stored, long at) {
    try {
      return piece.compression().decode(stored, piece.ram(), sector);
    } catch (BadChunkException e) {
      throw new UnreadableException(
          file.path(),
          at,
          Math.min(size(), piece.end) - at,
          "what is compressed there " + e.getMessage(),
          e);
    }
  }

  /** The stretch that holds a byte. */
  private Piece piece(long at) {
    Piece found = last.get();
    if (!found.holds(at)) {
      found = find(at);
      last.set(found);
    }
    return found;
  }

  private Piece find(long at) {
    BtrfsItem before = tree.nodes().last(root, key(at));
    if (before != null && !before.key().is(inode, BtrfsKey.EXTENT)) {
      before = null;
    }
    long from = before == null ? 0 : before.key().offset() + 1;
    BtrfsItem after = tree.nodes().first(root, key(from), key(BtrfsKey.LAST));
    long limit = after == null || after.key().offset() < 0 ? Long.MAX_VALUE : after.key().offset();
    if (before == null) {
      return Piece.zeros(0, limit);
    }
    Piece piece = extent(before);
    if (piece.end > limit) {
      throw damage("lies over the next");
    }
    return at < piece.end ? piece : Piece.zeros(piece.end, limit);
  }

  private BtrfsKey key(long offset) {
    return new BtrfsKey(inode, BtrfsKey.EXTENT, offset);
  }

  private FileSystemDamageException damage(String problem) {
    return tree.volume().damage(file, "an extent of it " + problem);
  }

  private Piece extent(BtrfsItem item) {
    long start = item.key().offset();
    if (item.length() < INLINE_DATA) {
      throw damage("is too short");
    }
    if (item.u8(ENCRYPTION) != 0) {
      throw new BlkshException("read " + file.path(), "it is encrypted");
    }
    int compression = item.u8(COMPRESSION);
    if (item.u16(ENCODING) != 0 || compression >= BtrfsCompression.values().length) {
      throw new BlkshException(
          "read " + file.path(),
          "it is compressed in a way that is not known (%d)".formatted(compression));
    }
    long ram = item.i64(RAM_BYTES);
    boolean packed = compression != 0;
    if (ram < 0 || packed && ram > BtrfsCompression.LARGEST) {
      throw damage("has an impossible size");
    }
    int type = item.u8(TYPE);
    if (type == INLINE) {
      if (start != 0 || !packed && ram != item.length() - INLINE_DATA) {
        throw damage("within the tree contradicts itself");
      }
      return new Piece(0, ram, Kind.WITHIN, item);
    }
    if (type != REGULAR && type != RESERVED || item.length() < LENGTH) {
      throw damage("is of a kind that is not known (%d)".formatted(type));
    }
    return placed(item, type, packed, ram);
  }

  private Piece placed(BtrfsItem item, int type, boolean packed, long ram) {
    long start = item.key().offset();
    long bytes = item.i64(BYTES);
    long disk = item.i64(DISK);
    long stored = item.i64(DISK_BYTES);
    long offset = item.i64(OFFSET);
    long whole = packed ? ram : stored;
    boolean sound = start >= 0 && bytes > 0 && start + bytes > 0 && (start | bytes) % sector == 0;
    if (!sound) {
      throw damage("contradicts itself");
    }
    if (disk == 0 && type == REGULAR) {
      return Piece.zeros(start, start + bytes);
    }
    sound =
        disk > 0
            && stored > 0
            && offset >= 0
            && (disk | stored | offset) % sector == 0
            && disk + stored > 0
            && offset <= whole - bytes
            && !(packed && stored > BtrfsCompression.LARGEST);
    if (!sound) {
      throw damage("contradicts itself");
    }
    if (type == RESERVED) {
      return Piece.zeros(start, start + bytes);
    }
    return new Piece(start, start + bytes, packed ? Kind.PACKED : Kind.PLAIN, item);
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size(), BlockSource.saturatedEnd(position, length));
    return ExtentWalk.of(
        position,
        end,
        at -> {
          Piece piece = piece(at);
          Extent.Kind kind = piece.kind == Kind.ZEROS ? Extent.Kind.ZERO : Extent.Kind.DATA;
          return new Extent(at, piece.end - at, kind);
        });
  }

  @Override
  public SourceInfo describe() {
    SourceInfo below = tree.volume().source().describe();
    return new SourceInfo(
        "file in " + below.type(), file.path(), below.location() + ":" + file.path());
  }

  @Override
  public void close() {}
}
