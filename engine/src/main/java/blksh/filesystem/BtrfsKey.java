package blksh.filesystem;

/** By what the items of the trees of btrfs are sorted, all three without a sign. */
record BtrfsKey(long object, int type, long offset) implements Comparable<BtrfsKey> {

  static final int LENGTH = 17;

  // Types of items.
  static final int INODE = 1;
  static final int ATTRIBUTE = 24;
  static final int NAME = 96;
  static final int EXTENT = 108;
  static final int SUMS = 128;
  static final int ROOT = 132;
  static final int ROOT_REFERENCE = 156;
  static final int CHUNK = 228;

  /** The largest there is. */
  static final long LAST = -1;

  static final BtrfsKey LEAST = new BtrfsKey(0, 0, 0);
  static final BtrfsKey GREATEST = new BtrfsKey(LAST, 255, LAST);

  static BtrfsKey at(Structure bytes, int at) {
    return new BtrfsKey(bytes.i64(at), bytes.u8(at + 8), bytes.i64(at + 9));
  }

  boolean is(long object, int type) {
    return this.object == object && this.type == type;
  }

  @Override
  public int compareTo(BtrfsKey other) {
    int order = Long.compareUnsigned(object, other.object);
    order = order != 0 ? order : Integer.compare(type, other.type);
    return order != 0 ? order : Long.compareUnsigned(offset, other.offset);
  }
}
