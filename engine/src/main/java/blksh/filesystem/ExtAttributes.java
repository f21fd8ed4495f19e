package blksh.filesystem;

import blksh.block.BlockSource;
import blksh.io.ExtendedAttributes;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The extended attributes of ext2, ext3 and ext4: in the inode behind its fields, in a block of
 * their own, large values in inodes of theirs (kernel documentation, "Extended Attributes").
 */
final class ExtAttributes {

  private static final int MAGIC = 0xea020000;

  /** Bytes before the entries of a block. */
  private static final int HEADER = 32;

  /** Length of an entry before its name. */
  private static final int ENTRY = 16;

  private static final int OLD_INODE = 128;

  /** Largest value the kernel knows. */
  private static final int LARGEST = 1 << 16;

  private static final int ACCESS_LIST = 2;
  private static final int DEFAULT_LIST = 3;

  private final ExtTree tree;
  private final FileEntry file;
  private final List<ExtendedAttributes.Attribute> found = new ArrayList<>();

  private ExtAttributes(ExtTree tree, FileEntry file) {
    this.tree = tree;
    this.file = file;
  }

  /** Those of a file. */
  static ExtendedAttributes of(ExtTree tree, FileEntry file, Structure inode) {
    ExtAttributes attributes = new ExtAttributes(tree, file);
    int inodeSize = tree.superblock().inodeSize();
    if (inodeSize > OLD_INODE) {
      int header = OLD_INODE + inode.u16(OLD_INODE);
      if (header + 8 <= inodeSize && inode.i32(header) == MAGIC) {
        attributes.add(inode, header + 4, header + 4);
      }
    }
    long block = inode.u32(0x68) | (long) inode.u16(0x76) << 32;
    if (block != 0) {
      int size = tree.superblock().blockSize();
      if (block >= tree.superblock().blocks()) {
        throw attributes.damage();
      }
      Structure own = tree.volume().read(block * size, size);
      if (own.i32(0) != MAGIC) {
        throw attributes.damage();
      }
      attributes.add(own, HEADER, 0);
    }
    attributes.found.sort((a, b) -> Arrays.compareUnsigned(a.name(), b.name()));
    return new ExtendedAttributes(attributes.found);
  }

  private FileSystemDamageException damage() {
    return tree.volume().damage(file, "its attributes are damaged");
  }

  /**
   * @param at where the first entry is
   * @param values where places of values are counted from
   */
  private void add(Structure from, int at, int values) {
    for (int entry = at; entry + 4 <= from.length() && from.i32(entry) != 0; ) {
      int length = from.u8(entry);
      if (entry + ENTRY + length > from.length()) {
        throw damage();
      }
      byte[] name = name(from.u8(entry + 1), from.bytes(entry + ENTRY, length));
      long size = from.u32(entry + 8);
      if (size > LARGEST) {
        throw damage();
      }
      if (name != null) {
        byte[] value = value(from, entry, values, (int) size);
        found.add(
            new ExtendedAttributes.Attribute(
                name, isList(from.u8(entry + 1)) ? list(value) : value));
      }
      entry += ENTRY + (length + 3) / 4 * 4;
    }
  }

  private byte[] value(Structure from, int entry, int values, int size) {
    long inode = from.u32(entry + 4);
    if (inode != 0) {
      byte[] value = new byte[size];
      try (BlockSource source = tree.value(file, inode, size)) {
        source.read(0, ByteBuffer.wrap(value));
      }
      return value;
    }
    int place = values + from.u16(entry + 2);
    if (size > from.length() - place) {
      throw damage();
    }
    return from.bytes(place, size);
  }

  private static boolean isList(int index) {
    return index == ACCESS_LIST || index == DEFAULT_LIST;
  }

  /** The whole name; null of what is none of the file's, as the content of small files. */
  private static byte[] name(int index, byte[] name) {
    String prefix =
        switch (index) {
          case 1 -> "user.";
          case ACCESS_LIST -> "system.posix_acl_access";
          case DEFAULT_LIST -> "system.posix_acl_default";
          case 4 -> "trusted.";
          case 6 -> "security.";
          case 8 -> "system.richacl";
          default -> null;
        };
    if (prefix == null) {
      return null;
    }
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(prefix.getBytes(StandardCharsets.US_ASCII));
    whole.writeBytes(name);
    return whole.toByteArray();
  }

  /** An access control list as setxattr(2) takes it; on disk entries without a number are short. */
  private byte[] list(byte[] stored) {
    ByteBuffer from = ByteBuffer.wrap(stored).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer list = ByteBuffer.allocate(4 + stored.length * 2).order(ByteOrder.LITTLE_ENDIAN);
    if (stored.length < 4 || from.getInt() != 1) {
      throw damage();
    }
    list.putInt(2);
    while (from.remaining() >= 4) {
      short tag = from.getShort();
      list.putShort(tag).putShort(from.getShort());
      boolean numbered = tag == 2 || tag == 8; // a user's or a group's by name
      if (numbered && from.remaining() < 4) {
        throw damage();
      }
      list.putInt(numbered ? from.getInt() : -1);
    }
    return Arrays.copyOf(list.array(), list.position());
  }
}
