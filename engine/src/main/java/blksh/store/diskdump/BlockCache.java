package blksh.store.diskdump;

import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** The blocks that were read last, of all dumps that are open, and those that cannot be read. */
final class BlockCache {

  private static final BlockCache SHARED = new BlockCache();

  private static final long MOST_BYTES = 16 << 20;

  /** What a block without bytes counts as. */
  private static final int ENTRY = 256;

  private record Key(DiskdumpPlace place, String hex) {}

  /** The oldest first; guarded by this. */
  private final Map<Key, BlockFile> kept = new LinkedHashMap<>(16, 0.75f, true);

  private long bytes;

  private BlockCache() {}

  static BlockCache shared() {
    return SHARED;
  }

  /**
   * A block.
   *
   * @param most bytes it may have
   * @throws IOException as {@link BlockFile#read}; that is not kept
   */
  BlockFile block(DiskdumpPlace place, String hex, int most) throws IOException {
    Key key = new Key(place, hex);
    synchronized (this) {
      BlockFile known = kept.get(key);
      if (known != null) {
        return known;
      }
    }
    BlockFile read = BlockFile.read(place.block(hex), hex, most);
    keep(key, read);
    return read;
  }

  private synchronized void keep(Key key, BlockFile block) {
    BlockFile before = kept.put(key, block);
    bytes += weight(block) - (before == null ? 0 : weight(before));
    Iterator<BlockFile> oldest = kept.values().iterator();
    while (bytes > MOST_BYTES && kept.size() > 1) {
      bytes -= weight(oldest.next());
      oldest.remove();
    }
  }

  private static int weight(BlockFile block) {
    return ENTRY + (block.isSound() ? block.bytes().length : 0);
  }

  /** Has what could not be read be tried anew. */
  synchronized void forgetLost(DiskdumpPlace place) {
    for (Iterator<Map.Entry<Key, BlockFile>> all = kept.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<Key, BlockFile> entry = all.next();
      if (!entry.getValue().isSound() && entry.getKey().place().equals(place)) {
        bytes -= weight(entry.getValue());
        all.remove();
      }
    }
  }
}
