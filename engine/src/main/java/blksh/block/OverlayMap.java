package blksh.block;

import blksh.BlkshException;
import blksh.io.OpenFile;
import blksh.io.PartFile;
import blksh.io.Sha256;
import blksh.io.UnreadableException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Which blocks an overlay holds: a log of changes. Each batch that one sync appends has a checksum;
 * the log ends before the first batch that is cut short or does not match, which is one that was
 * being written when its process died.
 *
 * <pre>
 * header, 64 bytes    "blkshovl", version 1 (u32), block size (u32), size of the source (u64),
 *                     mark of the source (32 bytes), CRC32C of all that (u32), zero (u32)
 * batch               number of changes (u32), CRC32C of the changes (u32), changes
 * change, 16 bytes    first block (u64), number of blocks (u63), bit 63 set when they are zero
 * </pre>
 *
 * All numbers are little-endian. While it is open it is locked, so that one process writes it.
 */
final class OverlayMap implements Closeable {

  private static final long MAGIC = 0x6c766f68736b6c62L; // "blkshovl"
  private static final int VERSION = 1;
  private static final int HEADER = 64;
  private static final int MARKED = 56;
  private static final int MARK = 32;
  private static final int CHANGE = 16;
  private static final int MOST_CHANGES = 1 << 16;
  private static final int SAMPLES = 64;

  private final OpenFile file;
  private final String action;
  private final long blocks;
  private long end = HEADER;

  /** Blocks that are what the source no longer shows. */
  record Change(long first, long count, boolean zero) {}

  /** Told of each change, oldest first. */
  interface Reader {
    void change(long firstBlock, long count, boolean zero);
  }

  private OverlayMap(OpenFile file, long blocks, String action) {
    this.file = file;
    this.blocks = blocks;
    this.action = action;
  }

  /**
   * @throws BlkshException when it is in use, no map, or of another source
   */
  static OverlayMap open(Path path, BlockSource base, String action) throws IOException {
    OpenFile file = OpenFile.claim(path, OpenFile.Use.CREATE, OpenFile.WhenInterrupted.FINISH);
    if (file == null) {
      throw new BlkshException(action, "the overlay is in use")
          .suggest("unmount what uses it, or choose another file");
    }
    try {
      long blocks = (base.size() + Overlay.BLOCK - 1) / Overlay.BLOCK;
      OverlayMap map = new OverlayMap(file, blocks, action);
      if (file.length() < HEADER) {
        map.checkCutHeader(base);
        file.write(0, map.header(base));
        file.force(true);
        PartFile.syncDirectory(path.toAbsolutePath().getParent());
      } else {
        map.check(base);
      }
      return map;
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private ByteBuffer header(BlockSource base) {
    ByteBuffer header = littleEndian(HEADER);
    header.putLong(MAGIC).putInt(VERSION).putInt(Overlay.BLOCK).putLong(base.size());
    header.put(mark(base));
    header.putInt(checksum(header.array(), 0, MARKED)).putInt(0);
    return header.flip();
  }

  /** A header may have been cut short by the death of its process; anything else is not ours. */
  private void checkCutHeader(BlockSource base) throws IOException {
    int length = (int) file.length();
    if (!Arrays.equals(read(0, length).array(), Arrays.copyOf(header(base).array(), length))) {
      throw new BlkshException(action, "its map is damaged or no map of an overlay");
    }
  }

  /** Whether there is a map, begun so far that its overlay may hold blocks. */
  static boolean isBegun(Path path) throws IOException {
    return Files.exists(path) && Files.size(path) >= HEADER;
  }

  private void check(BlockSource base) throws IOException {
    ByteBuffer found = read(0, HEADER);
    checkKind(found);
    if (found.getLong(16) != base.size()) {
      throw new BlkshException(
          action,
          "it was made over a source of %d bytes, and this one has %d"
              .formatted(found.getLong(16), base.size()));
    }
    if (!Arrays.equals(found.array(), 24, 24 + MARK, mark(base), 0, MARK)) {
      throw new BlkshException(action, "it was made over another source of the same size")
          .suggest("choose another file for the overlay");
    }
  }

  private void checkKind(ByteBuffer found) {
    if (found.getLong(0) != MAGIC || found.getInt(MARKED) != checksum(found.array(), 0, MARKED)) {
      throw new BlkshException(action, "its map is damaged or no map of an overlay");
    }
    if (found.getInt(8) != VERSION || found.getInt(12) != Overlay.BLOCK) {
      throw new BlkshException(action, "it was made by a newer blksh");
    }
  }

  /** SHA-256 over blocks spread over the source; one that cannot be read counts as itself. */
  private static byte[] mark(BlockSource base) {
    MessageDigest digest = Sha256.begin();
    ByteBuffer block = ByteBuffer.allocate(Overlay.BLOCK);
    long step = Math.max(1, base.size() / Overlay.BLOCK / SAMPLES);
    for (int i = 0; i < SAMPLES; i++) {
      block.clear();
      try {
        base.read(i * step * Overlay.BLOCK, block);
        digest.update(block.flip());
      } catch (UnreadableException e) {
        digest.update((byte) i);
      }
    }
    return digest.digest();
  }

  /** Tells all changes of whole batches in a map that may be in use. */
  static void read(Path path, String action, Reader reader) throws IOException {
    if (!isBegun(path)) {
      return;
    }
    try (OpenFile file = OpenFile.open(path, OpenFile.Use.READ, OpenFile.WhenInterrupted.FINISH)) {
      OverlayMap map = new OverlayMap(file, Long.MAX_VALUE / Overlay.BLOCK, action);
      ByteBuffer header = map.read(0, HEADER);
      map.checkKind(header);
      map.tellAll(reader);
    }
  }

  /** Tells all changes of whole batches, and goes on after the last of them. */
  void replay(Reader reader) throws IOException {
    end = tellAll(reader);
    if (file.length() > end) {
      file.truncate(end);
      file.force(true);
    }
  }

  /** Where the last whole batch ends. */
  private long tellAll(Reader reader) throws IOException {
    long size = file.length();
    long at = HEADER;
    while (size - at >= 8) {
      ByteBuffer head = read(at, 8);
      int count = head.getInt(0);
      if (count <= 0 || count > MOST_CHANGES || size - at - 8 < (long) count * CHANGE) {
        break;
      }
      ByteBuffer changes = read(at + 8, count * CHANGE);
      if (checksum(changes.array(), 0, count * CHANGE) != head.getInt(4)) {
        break;
      }
      for (int i = 0; i < count; i++) {
        tell(changes.getLong(i * CHANGE), changes.getLong(i * CHANGE + 8), reader);
      }
      at += 8 + (long) count * CHANGE;
    }
    return at;
  }

  private void tell(long first, long countAndKind, Reader reader) {
    long count = countAndKind & Long.MAX_VALUE;
    if (first < 0 || count <= 0 || first > blocks - count) {
      throw new BlkshException(action, "its map names blocks the source does not have");
    }
    reader.change(first, count, countAndKind < 0);
  }

  /** Appends changes and returns when they are durable. Their blocks already are. */
  void append(List<Change> changes) throws IOException {
    long at = end;
    for (int from = 0; from < changes.size(); from += MOST_CHANGES) {
      List<Change> batch = changes.subList(from, Math.min(changes.size(), from + MOST_CHANGES));
      ByteBuffer bytes = littleEndian(8 + batch.size() * CHANGE);
      bytes.position(8);
      for (Change change : batch) {
        bytes.putLong(change.first());
        bytes.putLong(change.zero() ? change.count() | Long.MIN_VALUE : change.count());
      }
      bytes.putInt(0, batch.size());
      bytes.putInt(4, checksum(bytes.array(), 8, batch.size() * CHANGE));
      bytes.flip();
      int length = bytes.remaining();
      file.write(at, bytes);
      at += length;
    }
    file.force(false);
    end = at;
  }

  /** Forgets all changes, durably. */
  void clear() throws IOException {
    file.truncate(HEADER);
    file.force(true);
    end = HEADER;
  }

  private ByteBuffer read(long position, int length) throws IOException {
    ByteBuffer bytes = littleEndian(length);
    if (file.fill(position, bytes) < length) {
      throw new IOException("the map ends at byte " + (position + bytes.position()));
    }
    return bytes.flip();
  }

  private static ByteBuffer littleEndian(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int checksum(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }

  @Override
  public void close() {
    file.close();
  }
}
