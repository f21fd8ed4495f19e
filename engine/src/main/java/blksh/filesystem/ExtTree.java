package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.function.Consumer;

/**
 * ext2, ext3 and ext4 (Linux kernel, Documentation/filesystems/ext4). The journal is not replayed:
 * a file system that was not unmounted shows what had reached its place.
 */
final class ExtTree implements FileTree {

  private static final int SUPERBLOCK = 1024;
  private static final int MAGIC = 0xef53;
  private static final int ROOT = 2;

  private static final int HAS_JOURNAL = 0x4;
  private static final int FILETYPE = 0x2;
  private static final int RECOVER = 0x4;
  private static final int META_BG = 0x10;
  private static final int EXTENTS = 0x40;
  private static final int BITS_64 = 0x80;
  private static final int MMP = 0x100;
  private static final int FLEX_BG = 0x200;
  private static final int EA_INODE = 0x400;
  private static final int CSUM_SEED = 0x2000;
  private static final int LARGEDIR = 0x4000;
  private static final int INLINE_DATA = 0x8000;
  private static final int ENCRYPT = 0x10000;
  private static final int CASEFOLD = 0x20000;
  private static final int READ =
      FILETYPE
          | RECOVER
          | META_BG
          | EXTENTS
          | BITS_64
          | MMP
          | FLEX_BG
          | EA_INODE
          | CSUM_SEED
          | LARGEDIR
          | INLINE_DATA
          | ENCRYPT
          | CASEFOLD;

  private static final int SPARSE_SUPER = 0x1;
  private static final int SPARSE_SUPER2 = 0x200;

  private static final int INODE_EXTENTS = 0x80000;
  private static final int INODE_ENCRYPTED = 0x800;
  private static final int INODE_INLINE = 0x10000000;

  private static final int BLOCK_MAP = 0x28;
  private static final int BLOCK_MAP_LENGTH = 60;

  /** Length of an attribute's entry before its name. */
  private static final int ATTRIBUTE = 16;

  private static final int SYSTEM = 7;
  private static final int DATA = 0x61746164; // "data"

  private static final int LONGEST_LINK = 4096;

  private final Volume volume;
  private final int blockSize;
  private final long blocks;
  private final long firstBlock;
  private final long blocksPerGroup;
  private final long inodesPerGroup;
  private final long inodes;
  private final int inodeSize;
  private final int descriptorSize;
  private final int compat;
  private final int incompat;
  private final int readOnlyCompat;
  private final long firstMetaGroup;
  private final int[] backupGroups;
  private final String label;

  static boolean isOn(Volume volume) {
    return volume.source().size() >= 2 * SUPERBLOCK
        && (volume.read(SUPERBLOCK, SUPERBLOCK).getShort(0x38) & 0xffff) == MAGIC;
  }

  ExtTree(Volume volume) {
    this.volume = volume;
    ByteBuffer superblock = volume.read(SUPERBLOCK, SUPERBLOCK);
    int logBlock = superblock.getInt(0x18);
    compat = superblock.getInt(0x5c);
    incompat = superblock.getInt(0x60);
    readOnlyCompat = superblock.getInt(0x64);
    boolean old = superblock.getInt(0x4c) == 0;
    inodeSize = old ? 128 : superblock.getShort(0x58) & 0xffff;
    descriptorSize = has(BITS_64) ? superblock.getShort(0xfe) & 0xffff : 32;
    blocksPerGroup = superblock.getInt(0x20) & 0xffffffffL;
    inodesPerGroup = superblock.getInt(0x28) & 0xffffffffL;
    inodes = superblock.getInt(0) & 0xffffffffL;
    firstBlock = superblock.getInt(0x14) & 0xffffffffL;
    firstMetaGroup = superblock.getInt(0x104) & 0xffffffffL;
    backupGroups = new int[] {superblock.getInt(0x24c), superblock.getInt(0x250)};
    long high = has(BITS_64) ? superblock.getInt(0x150) & 0xffffffffL : 0;
    blocks = superblock.getInt(4) & 0xffffffffL | high << 32;
    byte[] name = new byte[16];
    superblock.get(0x78, name);
    label = text(name, 0, name.length).split("\0", 2)[0];
    if (logBlock < 0 || logBlock > 6) {
      throw volume.damage("its superblock has an impossible block size");
    }
    blockSize = 1024 << logBlock;
    boolean sound =
        inodeSize >= 128
            && inodeSize <= blockSize
            && Integer.bitCount(inodeSize) == 1
            && descriptorSize >= 32
            && descriptorSize <= 1024
            && blocksPerGroup > 0
            && blocksPerGroup <= 8L * blockSize * (1 << 16)
            && inodesPerGroup > 0
            && inodesPerGroup <= 8L * blockSize
            && firstBlock <= 1
            && high >= 0
            && high <= 0xffff;
    if (!sound) {
      throw volume.damage("its superblock contradicts itself");
    }
    if ((incompat & ~READ) != 0) {
      throw new UnknownFileSystemException(
          "read the files of " + volume.source().describe(),
          "it uses features of ext4 that are not known (0x%x)".formatted(incompat & ~READ));
    }
  }

  private boolean has(int feature) {
    return (incompat & feature) != 0;
  }

  @Override
  public String type() {
    if (has(EXTENTS) || has(BITS_64) || has(FLEX_BG)) {
      return "ext4";
    }
    return (compat & HAS_JOURNAL) != 0 ? "ext3" : "ext2";
  }

  @Override
  public String label() {
    return label;
  }

  @Override
  public FileEntry root() {
    FileEntry root = entry("/", ROOT);
    if (!root.isDirectory()) {
      throw volume.damage("its root is no directory");
    }
    return root;
  }

  /** An inode, as it is on disk. */
  private ByteBuffer inode(long number) {
    if (number < 1 || number > inodes) {
      throw volume.damage("there is no inode %d".formatted(number));
    }
    return volume.read(inodeAt(number), inodeSize);
  }

  /** The byte where an inode is. */
  private long inodeAt(long number) {
    ByteBuffer descriptor = volume.read(descriptor((number - 1) / inodesPerGroup), descriptorSize);
    long table = descriptor.getInt(8) & 0xffffffffL;
    if (descriptorSize >= 64) {
      table |= (descriptor.getInt(0x28) & 0xffffffffL) << 32;
    }
    if (table <= 0 || table >= blocks) {
      throw volume.damage("its inodes should be where the volume has nothing");
    }
    return table * blockSize + (number - 1) % inodesPerGroup * inodeSize;
  }

  private long descriptor(long group) {
    long perBlock = blockSize / descriptorSize;
    long block = group / perBlock;
    long within = group % perBlock * descriptorSize;
    if (!has(META_BG) || block < firstMetaGroup) {
      return (firstBlock + 1 + block) * blockSize + within;
    }
    long first = block * perBlock;
    long start = firstBlock + first * blocksPerGroup + (hasSuperblock(first) ? 1 : 0);
    if (blockSize == 1024 && first == 0 && firstBlock == 0) {
      start++;
    }
    return start * blockSize + within;
  }

  private boolean hasSuperblock(long group) {
    if ((compat & SPARSE_SUPER2) != 0) {
      return group == 0 || group == backupGroups[0] || group == backupGroups[1];
    }
    if (group <= 1 || (readOnlyCompat & SPARSE_SUPER) == 0) {
      return true;
    }
    return isPower(group, 3) || isPower(group, 5) || isPower(group, 7);
  }

  private static boolean isPower(long number, int base) {
    long power = base;
    while (power < number) {
      power *= base;
    }
    return power == number;
  }

  private FileEntry entry(String path, long number) {
    ByteBuffer inode = inode(number);
    int mode = inode.getShort(0) & 0xffff;
    FileEntry.Kind kind =
        switch (mode >> 12) {
          case 0x4 -> FileEntry.Kind.DIRECTORY;
          case 0x8 -> FileEntry.Kind.FILE;
          case 0xa -> FileEntry.Kind.LINK;
          default -> FileEntry.Kind.SPECIAL;
        };
    long size = inode.getInt(4) & 0xffffffffL;
    if (kind == FileEntry.Kind.FILE || kind == FileEntry.Kind.DIRECTORY) {
      size |= (inode.getInt(0x6c) & 0xffffffffL) << 32;
    }
    FileEntry entry = new FileEntry(path, kind, size, modified(inode), mode & 07777, null, number);
    if (size < 0) {
      throw volume.damage(entry, "it has an impossible size");
    }
    return kind == FileEntry.Kind.LINK
        ? new FileEntry(
            path, kind, size, entry.modified(), entry.mode(), link(entry, inode), number)
        : entry;
  }

  private Instant modified(ByteBuffer inode) {
    long seconds = inode.getInt(0x10);
    int nanos = 0;
    if (inodeSize > 128 && (inode.getShort(0x80) & 0xffff) >= 0x8c - 0x80) {
      int extra = inode.getInt(0x88);
      seconds += (long) (extra & 3) << 32;
      nanos = extra >>> 2;
    }
    return Instant.ofEpochSecond(seconds, Math.min(nanos, 999_999_999));
  }

  private String link(FileEntry link, ByteBuffer inode) {
    if (link.size() > LONGEST_LINK) {
      throw volume.damage(link, "the symbolic link is too long");
    }
    int length = (int) link.size();
    byte[] bytes = new byte[length];
    int flags = inode.getInt(0x20);
    if ((flags & INODE_ENCRYPTED) != 0) {
      return "";
    }
    if (length < BLOCK_MAP_LENGTH && (flags & INODE_EXTENTS) == 0) {
      inode.get(BLOCK_MAP, bytes);
    } else {
      content(link, inode).read(0, ByteBuffer.wrap(bytes));
    }
    return text(bytes, 0, length);
  }

  @Override
  public BlockSource open(FileEntry file) {
    if (file.kind() != FileEntry.Kind.FILE) {
      throw new BlkshException("open " + file.path(), "it is no file");
    }
    ByteBuffer inode = inode(file.id());
    if ((inode.getInt(0x20) & INODE_ENCRYPTED) != 0) {
      throw new BlkshException("open " + file.path(), "it is encrypted");
    }
    return content(file, inode);
  }

  private FileContent content(FileEntry file, ByteBuffer inode) {
    byte[] map = new byte[BLOCK_MAP_LENGTH];
    inode.get(BLOCK_MAP, map);
    int flags = inode.getInt(0x20);
    if ((flags & INODE_INLINE) != 0) {
      return inline(file, inode);
    }
    FileRun.Map runs =
        (flags & INODE_EXTENTS) != 0
            ? new ExtExtents(volume, file, map, blockSize, blocks)
            : new ExtPointers(volume, file, map, blockSize, blocks);
    return new FileContent(volume, file, runs);
  }

  /** Small content lies within the inode: where the map would be, then in an attribute. */
  private FileContent inline(FileEntry file, ByteBuffer inode) {
    long at = inodeAt(file.id());
    int rest = file.size() > BLOCK_MAP_LENGTH ? inlineAttribute(file, inode) : 0;
    return new FileContent(
        volume,
        file,
        position ->
            position < BLOCK_MAP_LENGTH
                ? new FileRun(0, BLOCK_MAP_LENGTH, at + BLOCK_MAP)
                : new FileRun(BLOCK_MAP_LENGTH, file.size() - BLOCK_MAP_LENGTH, at + rest));
  }

  /** Where in an inode the value of its attribute {@code system.data} begins. */
  private int inlineAttribute(FileEntry file, ByteBuffer inode) {
    int start = inodeSize > 128 ? 128 + (inode.getShort(0x80) & 0xffff) + Integer.BYTES : inodeSize;
    for (int at = start; at + ATTRIBUTE + 4 <= inodeSize && inode.getInt(at) != 0; ) {
      int name = inode.get(at) & 0xff;
      int offset = start + (inode.getShort(at + 2) & 0xffff);
      long length = inode.getInt(at + 8) & 0xffffffffL;
      boolean data =
          inode.get(at + 1) == SYSTEM && name == 4 && inode.getInt(at + ATTRIBUTE) == DATA;
      if (data && file.size() - BLOCK_MAP_LENGTH <= length && offset + length <= inodeSize) {
        return offset;
      }
      at += ATTRIBUTE + (name + 3) / 4 * 4;
    }
    throw volume.damage(file, "its content is not where it should be");
  }

  @Override
  public void list(FileEntry directory, Consumer<FileEntry> each) {
    if (!directory.isDirectory()) {
      throw new BlkshException("list " + directory.path(), "it is no directory");
    }
    if (directory.size() > volume.source().size()) {
      throw volume.damage(directory, "the directory is larger than the volume");
    }
    ByteBuffer inode = inode(directory.id());
    if ((inode.getInt(0x20) & INODE_INLINE) != 0) {
      listInline(directory, inode, each);
      return;
    }
    FileContent content = content(directory, inode);
    ByteBuffer block = ByteBuffer.allocate(blockSize).order(ByteOrder.LITTLE_ENDIAN);
    var extents = content.extents();
    while (extents.hasNext()) {
      var extent = extents.next();
      if (extent.kind().readsAsZeros()) {
        continue;
      }
      for (long at = extent.start(); at < extent.end(); at += blockSize) {
        block.clear();
        int length = content.read(at, block);
        listBlock(directory, block.flip(), 0, length, each);
      }
    }
  }

  /** A small directory: the number of its parent, then entries in both places. */
  private void listInline(FileEntry directory, ByteBuffer inode, Consumer<FileEntry> each) {
    if (directory.size() > inodeSize) {
      throw volume.damage(directory, "the directory does not fit into its inode");
    }
    int size = (int) directory.size();
    ByteBuffer entries = ByteBuffer.allocate(size).order(inode.order());
    inline(directory, inode).read(0, entries);
    listBlock(directory, entries, Integer.BYTES, Math.min(size, BLOCK_MAP_LENGTH), each);
    listBlock(directory, entries, BLOCK_MAP_LENGTH, size, each);
  }

  private void listBlock(
      FileEntry directory, ByteBuffer block, int from, int to, Consumer<FileEntry> each) {
    for (int at = from; at + 8 <= to; ) {
      long number = block.getInt(at) & 0xffffffffL;
      int length = block.getShort(at + 4) & 0xffff;
      if (blockSize > 32768) {
        length = length == 0xffff || length == 0 ? 1 << 16 : length & 0xfffc | (length & 3) << 16;
      }
      int nameLength = block.get(at + 6) & 0xff;
      if (!has(FILETYPE) && (block.get(at + 7) & 0xff) != 0) {
        nameLength |= (block.get(at + 7) & 0xff) << 8;
      }
      boolean last = at + length == to;
      if (length < 8 || length % 4 != 0 && !last || at + length > to || nameLength > length - 8) {
        throw volume.damage(directory, "the directory is damaged");
      }
      if (number != 0) {
        String name = text(block.array(), block.arrayOffset() + at + 8, nameLength);
        if (!name.equals(".") && !name.equals("..")) {
          each.accept(entry(directory.inside(volume.name(directory, name)), number));
        }
      }
      at += length;
    }
  }

  /** Names are bytes, by custom UTF-8. */
  private static String text(byte[] bytes, int from, int length) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, from, length))
          .toString();
    } catch (CharacterCodingException e) {
      return new String(bytes, from, length, StandardCharsets.ISO_8859_1);
    }
  }

  @Override
  public void close() {
    volume.source().close();
  }
}
