package blksh.store.bucket;

import java.util.LinkedHashMap;
import java.util.Map;

/** Blocks of objects that were read last, in memory up to a limit. */
final class ObjectBlocks {

  /** Bytes of a block; the last of an object has fewer. */
  static final int BLOCK = 1 << 17;

  private final long limit;
  private long held;
  private final Map<Key, byte[]> blocks = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * @param limit in bytes
   */
  ObjectBlocks(long limit) {
    this.limit = limit;
  }

  /**
   * @param owner who opened the object, as what it holds is that of then
   */
  private record Key(Object owner, long number) {}

  /** A block, or null. */
  synchronized byte[] get(Object owner, long number) {
    return blocks.get(new Key(owner, number));
  }

  synchronized void put(Object owner, long number, byte[] block) {
    byte[] before = blocks.put(new Key(owner, number), block);
    held += block.length - (before == null ? 0 : before.length);
    var eldest = blocks.entrySet().iterator();
    while (held > limit && eldest.hasNext()) {
      held -= eldest.next().getValue().length;
      eldest.remove();
    }
  }

  /** Forgets what is of an object. */
  synchronized void drop(Object owner) {
    blocks
        .entrySet()
        .removeIf(
            each -> {
              boolean its = each.getKey().owner == owner;
              held -= its ? each.getValue().length : 0;
              return its;
            });
  }
}
