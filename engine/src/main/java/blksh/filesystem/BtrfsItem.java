package blksh.filesystem;

/**
 * An item of a tree of btrfs, in the leaf that holds it.
 *
 * @param at where in the leaf its data begins
 * @param end where that ends, within the leaf
 */
record BtrfsItem(Structure leaf, BtrfsKey key, int at, int end) {

  int length() {
    return end - at;
  }

  int u8(int offset) {
    return leaf.u8(at + offset);
  }

  int u16(int offset) {
    return leaf.u16(at + offset);
  }

  long u32(int offset) {
    return leaf.u32(at + offset);
  }

  long i64(int offset) {
    return leaf.i64(at + offset);
  }

  byte[] bytes(int offset, int length) {
    return leaf.bytes(at + offset, length);
  }
}
