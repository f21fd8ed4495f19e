package blksh.snapshot;

import blksh.io.Scratch;
import blksh.io.ScratchFile;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The first name in the tree of each file that has several. There may be as many as there are
 * files, so that most of it is where what does not fit into memory is. Used by one thread.
 */
final class FirstNames implements Closeable {

  private static final int SLOTS = 1 << 12;

  /** Device, inode, and where its name is and how long that is; an inode of 0 is none. */
  private static final int SLOT = 3 * Long.BYTES;

  /** Bits of a slot's third number that are the length of a name. */
  private static final int LENGTH_BITS = 20;

  private ByteBuffer slots = ByteBuffer.allocate(SLOTS * SLOT);
  private int capacity = SLOTS;
  private int files;

  /** Made when there is the first name. */
  private ScratchFile names;

  /** The first name of a file; null when it is the one given. */
  byte[] of(long device, long inode, TreeRecord named) {
    int slot = find(device, inode);
    if (slots.getLong(slot + Long.BYTES) == 0) {
      add(slot, device, inode, named);
      return null;
    }
    long place = slots.getLong(slot + 2 * Long.BYTES);
    int length = (int) (place & (1 << LENGTH_BITS) - 1);
    byte[] first = names.readBack(place >>> LENGTH_BITS, length);
    boolean itself = Arrays.equals(first, 0, length, named.path, 0, named.pathLength);
    return itself ? null : first;
  }

  /** The slot of a file, or where it would be. */
  private int find(long device, long inode) {
    long hash = (inode * 0x9E3779B97F4A7C15L ^ device) * 0xC2B2AE3D27D4EB4FL;
    int number = (int) (hash >>> 33) & capacity - 1;
    while (true) {
      int slot = number * SLOT;
      long there = slots.getLong(slot + Long.BYTES);
      if (there == 0 || there == inode && slots.getLong(slot) == device) {
        return slot;
      }
      number = number + 1 & capacity - 1;
    }
  }

  private void add(int slot, long device, long inode, TreeRecord named) {
    if (names == null) {
      names = new ScratchFile();
    }
    long place = names.size();
    names.append(named.path, 0, named.pathLength);
    put(slot, device, inode, place << LENGTH_BITS | named.pathLength);
    if (++files > capacity / 2) {
      grow();
    }
  }

  private void put(int slot, long device, long inode, long place) {
    slots.putLong(slot, device);
    slots.putLong(slot + Long.BYTES, inode);
    slots.putLong(slot + 2 * Long.BYTES, place);
  }

  private void grow() {
    ByteBuffer old = slots;
    int before = capacity;
    capacity = Math.multiplyExact(before, 2);
    slots = Scratch.room(Math.multiplyExact(capacity, SLOT));
    for (int i = 0; i < before; i++) {
      long inode = old.getLong(i * SLOT + Long.BYTES);
      if (inode != 0) {
        long device = old.getLong(i * SLOT);
        put(find(device, inode), device, inode, old.getLong(i * SLOT + 2 * Long.BYTES));
      }
    }
  }

  @Override
  public void close() {
    if (names != null) {
      names.close();
    }
  }
}
