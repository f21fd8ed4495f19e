package blksh.store.diskdump;

import blksh.compress.Lz4Frame;
import blksh.io.DirectoryHandle;
import blksh.io.PartFile;
import blksh.io.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Puts blocks into a diskdump store. Their files are written from any thread; the rows that say
 * that they are there follow, some thousand at a time, when the files are on the medium.
 */
final class BlockStorage {

  /** Rows and bytes of files that wait for their commit, at most. */
  private static final int MOST_ROWS = 4096;

  private static final long MOST_BYTES = 256L << 20;

  private static final int REMEMBERED = 4096;

  private final DiskdumpPlace place;
  private final BlockTable table;

  /** Blocks that are written, or being written, and have no row yet; guarded by this. */
  private final Set<String> underWay = new HashSet<>();

  /** Blocks that are known to be there; guarded by this. */
  private final Set<String> known =
      Collections.newSetFromMap(
          new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
              return size() > REMEMBERED;
            }
          });

  // Owned by whoever notes.
  private final List<BlockTable.Row> rows = new ArrayList<>();
  private long bytes;
  private long stored;
  private long storedBytes;

  BlockStorage(DiskdumpPlace place, BlockTable table) {
    this.place = place;
    this.table = table;
  }

  /**
   * Writes a block, unless it is there: its row, and its file, which is read once to prove that it
   * holds these bytes. Of any other file nobody knows how it was left, and it is written anew.
   *
   * @param frame memory for it, of {@link Lz4Frame#room} bytes
   * @return what is to be noted of it; null when it was there, or somebody else is writing it
   */
  BlockTable.Row put(String hex, byte[] content, int from, int length, byte[] frame)
      throws IOException {
    synchronized (this) {
      if (known.contains(hex) || !underWay.add(hex)) {
        return null;
      }
    }
    Path file = place.block(hex);
    long row = table.size(hex);
    if (row >= 0 && row == size(file) && BlockFile.holds(file, content, from, length)) {
      synchronized (this) {
        underWay.remove(hex);
        known.add(hex);
      }
      return null;
    }
    int count = Lz4Frame.encode(content, from, length, frame);
    DiskdumpPlace.makeDirectory(file.getParent().getParent());
    DiskdumpPlace.makeDirectory(file.getParent());
    // Earlier dumps may need what is there, as long as nothing else is on the medium.
    PartFile.Durability durability =
        Files.exists(file, LinkOption.NOFOLLOW_LINKS)
            ? PartFile.Durability.DURABLE
            : PartFile.Durability.WHOLE;
    WholeFile.put(file, durability, out -> out.write(frame, 0, count));
    return new BlockTable.Row(hex, count);
  }

  /** Bytes of a file of this very name; -1 when there is none. */
  private static long size(Path file) throws IOException {
    try {
      BasicFileAttributes found =
          Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return found.isRegularFile() ? found.size() : -1;
    } catch (NoSuchFileException e) {
      return -1;
    }
  }

  /** Notes a block that was written; by one thread at a time. */
  void note(BlockTable.Row row) throws IOException {
    rows.add(row);
    bytes += row.bytes();
    stored++;
    storedBytes += row.bytes();
    if (rows.size() == MOST_ROWS || bytes >= MOST_BYTES) {
      commit();
    }
  }

  /** Makes everything that was noted durable: the files first, and then the rows. */
  void commit() throws IOException {
    try (DirectoryHandle directory = DirectoryHandle.open(place.store())) {
      directory.syncFileSystem();
    }
    table.put(rows);
    synchronized (this) {
      rows.forEach(row -> underWay.remove(row.hex()));
      rows.forEach(row -> known.add(row.hex()));
    }
    rows.clear();
    bytes = 0;
  }

  long stored() {
    return stored;
  }

  long storedBytes() {
    return storedBytes;
  }
}
