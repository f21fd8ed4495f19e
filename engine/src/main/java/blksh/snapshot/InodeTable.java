package blksh.snapshot;

import blksh.io.Scratch;
import blksh.io.ScratchFile;
import java.io.Closeable;
import java.nio.ByteBuffer;

/**
 * What is known of files by device and inode. There may be as many as there are files, so that most
 * of it is where what does not fit into memory is. Used by one thread at a time.
 */
final class InodeTable implements Closeable {

  private static final int SLOTS = 1 << 12;

  /** Device, inode, and where the value is and how long that is; an inode of 0 is none. */
  private static final int SLOT = 3 * Long.BYTES;

  /** Bits of a slot's third number that are the length of a value. */
  private static final int LENGTH_BITS = 20;

  private ByteBuffer slots = ByteBuffer.allocate(SLOTS * SLOT);
  private int capacity = SLOTS;
  private int files;

  /** Made when there is the first value. */
  private ScratchFile values;

  /** What was put for a file, or null. */
  byte[] get(long device, long inode) {
    int slot = find(device, inode);
    if (slots.getLong(slot + Long.BYTES) == 0) {
      return null;
    }
    long place = slots.getLong(slot + 2 * Long.BYTES);
    return values.readBack(place >>> LENGTH_BITS, (int) (place & (1 << LENGTH_BITS) - 1));
  }

  /** Puts what is known of a file in place of what was; what it takes is not given back. */
  void put(long device, long inode, byte[] value) {
    if (value.length >>> LENGTH_BITS != 0) {
      throw new IllegalArgumentException("a value of " + value.length + " bytes");
    }
    if (values == null) {
      values = new ScratchFile();
    }
    int slot = find(device, inode);
    boolean fresh = slots.getLong(slot + Long.BYTES) == 0;
    long place = values.size();
    values.append(value, 0, value.length);
    fill(slot, device, inode, place << LENGTH_BITS | value.length);
    if (fresh && ++files > capacity / 2) {
      grow();
    }
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

  private void fill(int slot, long device, long inode, long place) {
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
        fill(find(device, inode), device, inode, old.getLong(i * SLOT + 2 * Long.BYTES));
      }
    }
  }

  @Override
  public void close() {
    if (values != null) {
      values.close();
    }
  }
}
