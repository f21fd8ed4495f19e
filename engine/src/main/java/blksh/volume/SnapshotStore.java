package blksh.volume;

import blksh.block.BlockSource;
import blksh.block.MappedSource.Layout;
import blksh.block.MappedSource.Piece;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What of a volume was changed since a snapshot of it was taken: chunks as they were then, and
 * areas that tell where each belongs (the kernel's {@code drivers/md/dm-snap-persistent.c}). It has
 * no checksums. The areas are read when a byte is first asked for.
 */
final class SnapshotStore {

  private static final int MAGIC = 0x70416e53;
  private static final int SECTOR = 512;
  private static final int ENTRY = 16;

  /** Bytes of memory that a chunk takes. */
  private static final int KEPT = 16;

  /** 16 MiB of memory, and as much again while they are read, of one at a time. */
  private static final int MOST_CHUNKS = 1 << 20;

  /** Numbers of chunks: so that one and its place in the areas fit into 63 bits. */
  private static final long MOST_NUMBER = 1L << 42;

  private final BlockSource store;
  private final int chunk;
  private final MemoryAllowance memory;

  /** The chunks that were changed, in order; and where each is in the store. */
  private long[] changed;

  private long[] places;

  /** Bytes that are taken from the allowance. */
  private long taken;

  /** Why the areas cannot be read, once that was tried. */
  private UnreadableException damage;

  /**
   * @param store what keeps the chunks
   * @param told bytes of a chunk, as the group has it
   * @param memory what is kept is taken from it
   */
  SnapshotStore(BlockSource store, long told, MemoryAllowance memory) throws VolumeProblem {
    this.store = store;
    this.memory = memory;
    ByteBuffer header;
    try {
      header = VolumeBytes.read(store, 0, SECTOR);
    } catch (UnreadableException e) {
      throw new VolumeProblem("the store of this snapshot cannot be read: " + e.problem());
    }
    VolumeProblem.unless(
        header != null && header.getInt(0) == MAGIC,
        "the store of this snapshot has no header: it was never activated since it was made");
    VolumeProblem.unless(header.getInt(4) != 0, "this snapshot was given up: its store was full");
    VolumeProblem.unless(header.getInt(8) == 1, "its store is of version %d", header.getInt(8));
    int sectors = header.getInt(12);
    VolumeProblem.unless(
        sectors >= 1
            && sectors <= 1 << 14
            && Integer.bitCount(sectors) == 1
            && (long) sectors * SECTOR == told,
        "its store has chunks of %d sectors, and its group tells of others",
        sectors);
    chunk = sectors * SECTOR;
  }

  /**
   * The snapshot.
   *
   * @param origin what it is of, as that is now
   */
  Layout over(Layout origin) {
    return position -> {
      long number = position / chunk;
      long inside = position % chunk;
      long there = place(number);
      return there < 0
          ? Layouts.clip(origin.at(position), chunk - inside)
          : new Piece(store, there * chunk + inside, chunk - inside);
    };
  }

  /** Where in the store a chunk is; -1 when it was not changed. */
  private synchronized long place(long number) {
    if (damage != null) {
      throw damage;
    }
    if (changed == null) {
      try {
        synchronized (memory) { // so that there is but one that grows
          read();
        }
      } catch (UnreadableException e) {
        memory.giveBack(taken);
        damage = new UnreadableException("a snapshot", 0, Long.MAX_VALUE, e.problem(), e);
        throw damage;
      }
    }
    int found = Arrays.binarySearch(changed, number);
    return found < 0 ? -1 : places[found];
  }

  private void read() {
    long[] keys = new long[1024];
    long[] stored = new long[1024];
    take(keys.length);
    int count = 0;
    int perArea = chunk / ENTRY;
    for (long area = 0; ; area++) {
      ByteBuffer table = VolumeBytes.read(store, (1 + area * (perArea + 1)) * chunk, chunk);
      if (table == null) {
        break; // it is full to its end
      }
      int i = 0;
      for (; i < perArea; i++) {
        long then = table.getLong(i * ENTRY);
        long now = table.getLong(i * ENTRY + 8);
        if (now == 0) {
          break;
        }
        if (now < 0 || now > store.size() / chunk - 1 || then < 0 || then >= MOST_NUMBER) {
          throw unreadable("the store of a snapshot makes no sense");
        }
        if (count == MOST_CHUNKS) {
          throw unreadable("more than %d of its chunks have changed".formatted(MOST_CHUNKS));
        }
        if (count == keys.length) {
          take(count);
          keys = Arrays.copyOf(keys, 2 * count);
          stored = Arrays.copyOf(stored, 2 * count);
        }
        keys[count] = then * MOST_CHUNKS + count;
        stored[count++] = now;
      }
      if (i < perArea) {
        break;
      }
    }
    sort(keys, stored, count);
    memory.giveBack(taken - (long) KEPT * count);
  }

  private void take(int more) {
    long bytes = (long) KEPT * more;
    if (!memory.take(bytes)) {
      throw unreadable("the snapshots beside it take the memory there is for them: open it alone");
    }
    taken += bytes;
  }

  private void sort(long[] keys, long[] stored, int count) {
    Arrays.sort(keys, 0, count);
    long[] sorted = new long[count];
    for (int i = 0; i < count; i++) {
      sorted[i] = stored[(int) (keys[i] % MOST_CHUNKS)];
      keys[i] /= MOST_CHUNKS;
    }
    places = sorted;
    changed = Arrays.copyOf(keys, count);
  }

  private static UnreadableException unreadable(String problem) {
    return new UnreadableException("a snapshot", 0, Long.MAX_VALUE, problem, null);
  }
}
