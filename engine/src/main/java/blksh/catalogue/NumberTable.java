package blksh.catalogue;

import java.util.Arrays;

/** Small numbers by large ones, 1 and more, in 12 bytes each at most half filled. */
final class NumberTable {

  private long[] keys = new long[16];
  private int[] values = new int[16];
  private int size;

  /** The value of a key; -1 when there is none. */
  int get(long key) {
    int at = slot(key);
    return keys[at] == key ? values[at] : -1;
  }

  void put(long key, int value) {
    int at = slot(key);
    if (keys[at] == 0) {
      if (2 * ++size > keys.length) {
        grow();
        at = slot(key);
      }
      keys[at] = key;
    }
    values[at] = value;
  }

  /** Takes out the key that was put last. */
  void remove(long key) {
    int at = slot(key);
    if (keys[at] != key) {
      return;
    }
    size--;
    keys[at] = 0;
    // What was pushed on past it is put again.
    for (int next = at + 1 & keys.length - 1; keys[next] != 0; next = next + 1 & keys.length - 1) {
      long moved = keys[next];
      keys[next] = 0;
      int to = slot(moved);
      keys[to] = moved;
      values[to] = values[next];
    }
  }

  private int slot(long key) {
    int at = (int) (key * 0x9E3779B97F4A7C15L >>> 40) & keys.length - 1;
    while (keys[at] != 0 && keys[at] != key) {
      at = at + 1 & keys.length - 1;
    }
    return at;
  }

  private void grow() {
    long[] old = keys;
    int[] oldValues = values;
    keys = new long[2 * old.length];
    values = new int[2 * old.length];
    for (int i = 0; i < old.length; i++) {
      if (old[i] != 0) {
        int to = slot(old[i]);
        keys[to] = old[i];
        values[to] = oldValues[i];
      }
    }
  }

  void clear() {
    Arrays.fill(keys, 0);
    size = 0;
  }
}
