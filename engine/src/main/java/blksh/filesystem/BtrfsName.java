package blksh.filesystem;

/**
 * A name in a directory of btrfs, or an attribute, which is kept in the same form.
 *
 * @param target what it is the name of: an inode, or the root of a subvolume
 * @param type what kind of file, as the directory has it
 * @param name bytes
 * @param value of an attribute; of a name none
 * @param end where in the item the next begins
 */
record BtrfsName(BtrfsKey target, int type, byte[] name, byte[] value, int end) {

  /** The type of what is an attribute. */
  static final int ATTRIBUTE = 8;

  /** The type of a directory. */
  static final int DIRECTORY = 2;

  /** The bit of the type that says that the name is encrypted. */
  static final int ENCRYPTED = 0x80;

  private static final int FIXED = 30;
  private static final int LONGEST = 255;

  /** The one that begins at a byte of an item; null when there is none. */
  static BtrfsName at(BtrfsItem item, int at) {
    if (at + FIXED > item.length()) {
      return null;
    }
    int data = item.u16(at + 25);
    int length = item.u16(at + 27);
    int end = at + FIXED + length + data;
    return length == 0 || length > LONGEST || end > item.length()
        ? null
        : new BtrfsName(
            BtrfsKey.at(item.leaf(), item.at() + at),
            item.u8(at + 29),
            item.bytes(at + FIXED, length),
            item.bytes(at + FIXED + length, data),
            end);
  }

  /** The kind of file its type says; null where that is not known. */
  FileEntry.Kind kind() {
    return switch (type) {
      case 1 -> FileEntry.Kind.FILE;
      case DIRECTORY -> FileEntry.Kind.DIRECTORY;
      case 3, 4, 5, 6 -> FileEntry.Kind.SPECIAL;
      case 7 -> FileEntry.Kind.LINK;
      default -> null;
    };
  }
}
