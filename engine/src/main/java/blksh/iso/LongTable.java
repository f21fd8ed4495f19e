package blksh.iso;

/** Numbers known by numbers, without an object for each: open addressing, half full at most. */
final class LongTable {

  static final int NONE = -1;

  private long[] keys = new long[16];

  /** Each raised by one; 0 is free. */
  private int[] values = new int[16];

  private int size;

  private int slot(long key) {
    long hash = key * 0x9e3779b97f4a7c15L;
    return (int) (hash >>> 32) & keys.length - 1;
  }

  private int find(long key) {
    int at = slot(key);
    while (values[at] != 0 && keys[at] != key) {
      at = at + 1 & keys.length - 1;
    }
    return at;
  }

  int size() {
    return size;
  }

  boolean has(long key) {
    return values[find(key)] != 0;
  }

  /** The number known by another; {@link #NONE} when there is none. */
  int get(long key) {
    return values[find(key)] - 1;
  }

  /**
   * @param value 0 or more
   */
  void put(long key, int value) {
    int at = find(key);
    if (values[at] == 0 && 2 * ++size > keys.length) {
      grow();
      at = find(key);
    }
    keys[at] = key;
    values[at] = value + 1;
  }

  private void grow() {
    long[] before = keys;
    int[] valuesBefore = values;
    keys = new long[2 * before.length];
    values = new int[2 * before.length];
    for (int i = 0; i < before.length; i++) {
      if (valuesBefore[i] != 0) {
        int at = find(before[i]);
        keys[at] = before[i];
        values[at] = valuesBefore[i];
      }
    }
  }

  /** Forgets a key that is there, and closes the gap that this leaves. */
  void remove(long key) {
    int gap = find(key);
    size--;
    int mask = keys.length - 1;
    for (int at = gap + 1 & mask; values[at] != 0; at = at + 1 & mask) {
      // It may move when its own slot does not lie behind the gap.
      if ((at - slot(keys[at]) & mask) >= (at - gap & mask)) {
        keys[gap] = keys[at];
        values[gap] = values[at];
        gap = at;
      }
    }
    values[gap] = 0;
  }
}
