package blksh.filesystem;

import blksh.io.ExtendedAttributes;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The extended attributes of XFS (the kernel's xfs_da_format.h): in the inode, in one leaf, or in
 * the leaves of a tree by the hashes of their names; large values in blocks of their own. Access
 * control lists have names of their own among those of the system.
 */
final class XfsAttributes {

  // Names of what the kernel knows as something else.
  private static final String ACCESS_LIST = "SGI_ACL_FILE";
  private static final String DEFAULT_LIST = "SGI_ACL_DEFAULT";

  // Flags of an attribute.
  private static final int LOCAL = 0x1;
  private static final int ROOT = 0x2;
  private static final int SECURE = 0x4;
  private static final int INCOMPLETE = 0x80;
  private static final int SPACES = ~(LOCAL | INCOMPLETE) & 0xff;

  // Marks of blocks, by the version.
  private static final int LEAF = 0xfbee;
  private static final int NODE = 0xfebe;
  private static final int CHECKED_LEAF = 0x3bee;
  private static final int CHECKED_NODE = 0x3ebe;

  private static final int LEAF_HEADER = 32;
  private static final int CHECKED_LEAF_HEADER = 80;
  private static final int ENTRY = 8;
  private static final int NODE_HEADER = 16;
  private static final int CHECKED_NODE_HEADER = 64;
  private static final int HIGHEST = 5;

  /** Bytes before what a block of a value holds. */
  private static final int VALUE_HEADER = 56;

  /** Largest value the kernel knows. */
  private static final int LARGEST = 1 << 16;

  /** All attributes of one file are taken together, up to so many bytes of memory. */
  private static final int MOST = 16 << 20;

  /** What each takes beside its name and value. */
  private static final int EACH = 64;

  private static final int LIST_ENTRY = 12;
  private static final int USER = 0x2;
  private static final int GROUP = 0x8;
  private static final int LAST_TAG = 0x20;

  private final FileEntry file;
  private final XfsInode inode;
  private final Volume volume;
  private final XfsSuperblock superblock;
  private final boolean checked;
  private final int blockSize;
  private final List<ExtendedAttributes.Attribute> found = new ArrayList<>();
  private long taken;

  private XfsAttributes(FileEntry file, XfsInode inode) {
    this.file = file;
    this.inode = inode;
    volume = inode.volume();
    superblock = inode.superblock();
    checked = superblock.isChecked();
    blockSize = superblock.blockSize();
  }

  /** Those of a file. */
  static ExtendedAttributes of(FileEntry file, XfsInode inode) {
    XfsInode.Fork fork = inode.attributes();
    if (fork == null || fork.format() == XfsInode.EXTENTS && fork.extents() == 0) {
      return ExtendedAttributes.NONE;
    }
    XfsAttributes attributes = new XfsAttributes(file, inode);
    if (fork.format() == XfsInode.LOCAL) {
      attributes.within(fork);
    } else {
      attributes.leaves(new XfsExtents(file, inode, fork, true));
    }
    attributes.found.sort((a, b) -> Arrays.compareUnsigned(a.name(), b.name()));
    return new ExtendedAttributes(attributes.found);
  }

  private FileSystemDamageException damage(long position, String problem) {
    return volume.damage(
        file, "what has its attributes, at byte %d, %s".formatted(position, problem));
  }

  private void within(XfsInode.Fork fork) {
    Structure held = fork.bytes();
    int size = held.length() < 4 ? 0 : held.u16(0);
    if (size < 4 || size > held.length()) {
      throw damage(fork.position(), "has an impossible size");
    }
    int at = 4;
    for (int left = held.u8(2); left > 0; left--) {
      int nameLength = at + 3 <= size ? held.u8(at) : 0;
      int valueLength = nameLength == 0 ? 0 : held.u8(at + 1);
      int value = at + 3 + nameLength;
      if (nameLength == 0 || value + valueLength > size) {
        throw damage(fork.position() + at, "cannot be");
      }
      add(
          fork.position() + at,
          held.u8(at + 2),
          held.bytes(at + 3, nameLength),
          held.bytes(value, valueLength));
      at = value + valueLength;
    }
    if (at != size) {
      throw damage(fork.position(), "has more than it counts");
    }
  }

  /** Goes down to the first leaf and on to the others, which follow each other. */
  private void leaves(XfsExtents extents) {
    long number = 0;
    int level = HIGHEST + 1;
    FatChains.Circle circle = new FatChains.Circle();
    do {
      long position = position(extents, number);
      Structure block = volume.read(position, blockSize).bigEndian();
      int mark = block.u16(8);
      String fault =
          checked ? XfsSeal.ATTRIBUTES.fault(superblock, block, position, inode.number()) : null;
      if (fault != null) {
        throw damage(position, fault);
      }
      if (level > 0 && mark == (checked ? CHECKED_NODE : NODE)) {
        int below = block.u16(checked ? 58 : 14);
        int count = block.u16(checked ? 56 : 12);
        number = block.u32((checked ? CHECKED_NODE_HEADER : NODE_HEADER) + 4);
        if (below < 1 || below >= level || count < 1 || number == 0) {
          throw damage(position, "cannot be");
        }
        level = below;
        continue;
      }
      if (mark != (checked ? CHECKED_LEAF : LEAF) || circle.closesAt(number)) {
        throw damage(position, "is none");
      }
      level = 0;
      leaf(extents, block, position);
      number = block.u32(0);
    } while (number != 0);
  }

  /** Where a block of the attributes is. */
  private long position(XfsExtents extents, long number) {
    FileRun run = extents.at(number * blockSize);
    if (run.isHole()) {
      throw volume.damage(file, "block %d of its attributes is nowhere".formatted(number));
    }
    return run.at() + number * blockSize - run.start();
  }

  private void leaf(XfsExtents extents, Structure block, long position) {
    int header = checked ? CHECKED_LEAF_HEADER : LEAF_HEADER;
    int count = block.u16(checked ? 56 : 12);
    if (count > (blockSize - header) / ENTRY) {
      throw damage(position, "counts more than it holds");
    }
    for (int i = 0; i < count; i++) {
      int entry = header + i * ENTRY;
      int flags = block.u8(entry + 6);
      int at = block.u16(entry + 4);
      boolean local = (flags & LOCAL) != 0;
      int name = at + (local ? 3 : 9);
      int nameLength = name <= blockSize ? block.u8(name - 1) : 0;
      boolean possible = at >= header + count * ENTRY && nameLength > 0;
      if (!possible || name + nameLength > blockSize) {
        throw damage(position + entry, "cannot be");
      }
      int value = name + nameLength;
      long valueLength = local ? block.u16(at) : block.u32(at + 4);
      if (local ? value + valueLength > blockSize : valueLength > LARGEST) {
        throw damage(position + at, "cannot be");
      }
      if ((flags & INCOMPLETE) == 0) {
        take(EACH + nameLength + valueLength);
        add(
            position + at,
            flags,
            block.bytes(name, nameLength),
            local
                ? block.bytes(value, (int) valueLength)
                : value(extents, block.u32(at), (int) valueLength));
      }
    }
  }

  private void take(long bytes) {
    taken += bytes;
    if (taken > MOST) {
      throw volume.damage(file, "it has more attributes than fit into %d bytes".formatted(MOST));
    }
  }

  /** A value in blocks of its own, since version 5 each with a header. */
  private byte[] value(XfsExtents extents, long first, int length) {
    byte[] value = new byte[length];
    int header = checked ? VALUE_HEADER : 0;
    long number = first;
    for (int done = 0; done < length; number++) {
      long position = position(extents, number);
      Structure block = volume.read(position, blockSize).bigEndian();
      int count = Math.min(length - done, blockSize - header);
      String fault =
          checked ? XfsSeal.VALUE.fault(superblock, block, position, inode.number()) : null;
      boolean own =
          !checked || block.has(0, "XARM") && block.u32(4) == done && block.u32(8) == count;
      if (fault != null || !own) {
        throw damage(position, fault != null ? fault : "is none");
      }
      System.arraycopy(block.bytes(), header, value, done, count);
      done += count;
    }
    return value;
  }

  private void add(long position, int flags, byte[] name, byte[] value) {
    String text = new String(name, StandardCharsets.ISO_8859_1);
    int space = flags & SPACES;
    if (space == ROOT && (text.equals(ACCESS_LIST) || text.equals(DEFAULT_LIST))) {
      String list = text.equals(ACCESS_LIST) ? "access" : "default";
      byte[] whole = ("system.posix_acl_" + list).getBytes(StandardCharsets.US_ASCII);
      found.add(new ExtendedAttributes.Attribute(whole, list(position, value)));
      return;
    }
    String prefix =
        switch (space) {
          case 0 -> "user.";
          case ROOT -> "trusted.";
          case SECURE -> "security.";
          default -> throw damage(position, "is of a kind that is not known");
        };
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(prefix.getBytes(StandardCharsets.US_ASCII));
    whole.writeBytes(name);
    found.add(new ExtendedAttributes.Attribute(whole.toByteArray(), value));
  }

  /** An access control list as setxattr(2) takes it. */
  private byte[] list(long position, byte[] stored) {
    ByteBuffer from = ByteBuffer.wrap(stored);
    int count = stored.length < Integer.BYTES ? -1 : from.getInt();
    if (count < 0 || stored.length != Integer.BYTES + (long) count * LIST_ENTRY) {
      throw damage(position, "is an impossible access control list");
    }
    ByteBuffer list = ByteBuffer.allocate(4 + count * 8).order(ByteOrder.LITTLE_ENDIAN);
    list.putInt(2);
    for (int i = 0; i < count; i++) {
      int tag = from.getInt();
      if (Integer.bitCount(tag) != 1 || tag > LAST_TAG || tag < 0) {
        throw damage(position, "is an access control list with what is not known");
      }
      int id = from.getInt();
      short permissions = from.getShort();
      from.getShort();
      boolean numbered = tag == USER || tag == GROUP;
      list.putShort((short) tag).putShort(permissions).putInt(numbered ? id : -1);
    }
    return list.array();
  }
}
