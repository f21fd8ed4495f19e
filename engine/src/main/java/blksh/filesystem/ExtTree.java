package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.io.UnreadableException;
import blksh.tree.TreeMetadata;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * ext2, ext3 and ext4 (Linux kernel, Documentation/filesystems/ext4). The journal is not replayed:
 * a file system that was not unmounted shows what had reached its place.
 */
final class ExtTree implements FileTree {

  private static final int ROOT = 2;

  private static final int READ =
      ExtSuperblock.FILETYPE
          | ExtSuperblock.RECOVER
          | ExtSuperblock.META_BG
          | ExtSuperblock.EXTENTS
          | ExtSuperblock.WIDE
          | ExtSuperblock.MMP
          | ExtSuperblock.FLEX_BG
          | ExtSuperblock.EA_INODE
          | ExtSuperblock.CSUM_SEED
          | ExtSuperblock.LARGEDIR
          | ExtSuperblock.INLINE_DATA
          | ExtSuperblock.ENCRYPT
          | ExtSuperblock.CASEFOLD;

  private static final int INODE_IMMUTABLE = 0x10;
  private static final int INODE_APPEND = 0x20;
  private static final int INODE_EXTENTS = 0x80000;
  private static final int INODE_ENCRYPTED = 0x800;
  private static final int INODE_INLINE = 0x10000000;

  /** Where an inode has its flags. */
  private static final int FLAGS = 0x20;

  private static final int BLOCK_MAP = 0x28;
  private static final int BLOCK_MAP_LENGTH = 60;

  /** Length of an attribute's entry before its name. */
  private static final int ATTRIBUTE = 16;

  private static final int SYSTEM = 7;
  private static final int DATA = 0x61746164; // "data"

  private static final int LONGEST_LINK = 4096;

  private static final String NOT_ITSELF = "it does not begin with itself";

  private final Volume volume;
  private final ExtSuperblock superblock;
  private final int blockSize;
  private final int inodeSize;

  ExtTree(Volume volume) {
    this.volume = volume;
    superblock = ExtSuperblock.of(volume.read(ExtSuperblock.POSITION, ExtSuperblock.LENGTH));
    blockSize = superblock.blockSize();
    inodeSize = superblock.inodeSize();
    if (blockSize == 0) {
      throw volume.damage("its superblock has an impossible block size");
    }
    boolean sound =
        inodeSize >= 128
            && inodeSize <= blockSize
            && Integer.bitCount(inodeSize) == 1
            && superblock.descriptorSize() >= 32
            && superblock.descriptorSize() <= 1024
            && superblock.blocksPerGroup() > 0
            && superblock.blocksPerGroup() <= 8L * blockSize * (1 << 16)
            && superblock.inodesPerGroup() > 0
            && superblock.inodesPerGroup() <= 8L * blockSize
            && superblock.firstBlock() <= 1
            && superblock.blocks() >>> 48 == 0;
    if (!sound) {
      throw volume.damage("its superblock contradicts itself");
    }
    int unknown = superblock.incompatible() & ~READ;
    if (unknown != 0) {
      throw new UnknownFileSystemException(
          "read the files of " + volume.source().describe(),
          "it uses features of ext4 that are not known (0x%x)".formatted(unknown));
    }
  }

  @Override
  public String type() {
    return superblock.type();
  }

  @Override
  public String label() {
    return superblock.label();
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
  private Structure inode(long number) {
    if (number < 1 || number > superblock.inodes()) {
      throw volume.damage("there is no inode %d".formatted(number));
    }
    return volume.read(inodeAt(number), inodeSize);
  }

  /** The byte where an inode is. */
  private long inodeAt(long number) {
    Structure descriptor = descriptor((number - 1) / superblock.inodesPerGroup());
    long table = descriptor.u32(8);
    if (superblock.descriptorSize() >= 64) {
      table |= descriptor.u32(0x28) << 32;
    }
    if (table <= 0 || table >= superblock.blocks()) {
      throw volume.damage("its inodes should be where the volume has nothing");
    }
    return table * blockSize + (number - 1) % superblock.inodesPerGroup() * inodeSize;
  }

  private Structure descriptor(long group) {
    long block = superblock.descriptorBlock(group / superblock.perBlock());
    long within = group % superblock.perBlock() * superblock.descriptorSize();
    return volume.read(block * blockSize + within, superblock.descriptorSize());
  }

  private FileEntry entry(String path, long number) {
    Structure inode = inode(number);
    int mode = inode.u16(0);
    FileEntry.Kind kind =
        switch (mode >> 12) {
          case 0x4 -> FileEntry.Kind.DIRECTORY;
          case 0x8 -> FileEntry.Kind.FILE;
          case 0xa -> FileEntry.Kind.LINK;
          case 0x1, 0x2, 0x6, 0xc -> FileEntry.Kind.SPECIAL;
          default -> throw volume.damage("inode %d is none of a file".formatted(number));
        };
    long size = inode.u32(4);
    if (kind == FileEntry.Kind.FILE || kind == FileEntry.Kind.DIRECTORY) {
      size |= inode.u32(0x6c) << 32;
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

  private Instant modified(Structure inode) {
    long seconds = inode.i32(0x10);
    int nanos = 0;
    if (inodeSize > 128 && inode.u16(0x80) >= 0x8c - 0x80) {
      int extra = inode.i32(0x88);
      seconds += (long) (extra & 3) << 32;
      nanos = extra >>> 2;
    }
    return Instant.ofEpochSecond(seconds, Math.min(nanos, 999_999_999));
  }

  private String link(FileEntry link, Structure inode) {
    if (link.size() > LONGEST_LINK) {
      throw volume.damage(link, "the symbolic link is too long");
    }
    int length = (int) link.size();
    int flags = inode.i32(FLAGS);
    if ((flags & INODE_ENCRYPTED) != 0) {
      return "";
    }
    if (length < BLOCK_MAP_LENGTH && (flags & INODE_EXTENTS) == 0) {
      return Volume.text(inode.bytes(BLOCK_MAP, length));
    }
    byte[] bytes = new byte[length];
    content(link, inode).read(0, ByteBuffer.wrap(bytes));
    return Volume.text(bytes);
  }

  @Override
  public BlockSource open(FileEntry file) {
    file.requireSound();
    if (file.kind() != FileEntry.Kind.FILE) {
      throw new BlkshException("open " + file.path(), "it is no file");
    }
    Structure inode = inode(file.id());
    if ((inode.i32(FLAGS) & INODE_ENCRYPTED) != 0) {
      throw new BlkshException("open " + file.path(), "it is encrypted");
    }
    return content(file, inode);
  }

  private FileContent content(FileEntry file, Structure inode) {
    byte[] map = inode.bytes(BLOCK_MAP, BLOCK_MAP_LENGTH);
    int flags = inode.i32(FLAGS);
    if ((flags & INODE_INLINE) != 0) {
      return inline(file, inode);
    }
    FileRun.Map runs =
        (flags & INODE_EXTENTS) != 0
            ? new ExtExtents(volume, file, map, superblock)
            : new ExtPointers(volume, file, map, superblock);
    return new FileContent(volume, file, runs);
  }

  /** Small content lies within the inode: where the map would be, then in an attribute. */
  private FileContent inline(FileEntry file, Structure inode) {
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
  private int inlineAttribute(FileEntry file, Structure inode) {
    int start = inodeSize > 128 ? 128 + inode.u16(0x80) + Integer.BYTES : inodeSize;
    for (int at = start; at + ATTRIBUTE + 4 <= inodeSize && inode.i32(at) != 0; ) {
      int name = inode.u8(at);
      int offset = start + inode.u16(at + 2);
      long length = inode.u32(at + 8);
      boolean data = inode.u8(at + 1) == SYSTEM && name == 4 && inode.i32(at + ATTRIBUTE) == DATA;
      if (data && file.size() - BLOCK_MAP_LENGTH <= length && offset + length <= inodeSize) {
        return offset;
      }
      at += ATTRIBUTE + (name + 3) / 4 * 4;
    }
    throw volume.damage(file, "its content is not where it should be");
  }

  @Override
  public void list(
      FileEntry directory, Consumer<FileEntry> each, Consumer<BlkshException> problems) {
    directory.requireDirectory();
    if (directory.size() > volume.source().size()) {
      throw volume.damage(directory, "the directory is larger than the volume");
    }
    Structure inode = inode(directory.id());
    if ((inode.i32(FLAGS) & INODE_INLINE) != 0) {
      listInline(directory, inode, each, problems);
      return;
    }
    FileContent content = content(directory, inode);
    byte[] block = new byte[blockSize];
    if (directory.size() == 0) {
      problems.accept(volume.damage(directory, NOT_ITSELF));
    }
    for (long at = 0; at < directory.size(); ) {
      Structure read = null;
      int length = 0;
      try {
        Extent extent = content.extents(at, directory.size() - at).next();
        if (extent.kind().readsAsZeros()) {
          problems.accept(volume.damage(directory, "the directory has a hole"));
          at = extent.end();
          continue;
        }
        length = content.read(at, ByteBuffer.wrap(block));
        read = Structure.of(block);
      } catch (FileSystemDamageException | UnreadableException e) {
        problems.accept(FileEntry.survived(e));
      }
      if (read != null && at == 0 && !beginsWithItself(directory, read)) {
        problems.accept(volume.damage(directory, NOT_ITSELF));
      }
      if (read != null) {
        listBlock(directory, read, 0, length, each, problems);
      }
      at += blockSize;
    }
  }

  /** Whether the first entry of a directory is itself, as in all that have blocks. */
  private static boolean beginsWithItself(FileEntry directory, Structure block) {
    return block.u32(0) == directory.id() && block.u8(6) == 1 && block.u8(8) == '.';
  }

  /** A small directory: the number of its parent, then entries in both places. */
  private void listInline(
      FileEntry directory,
      Structure inode,
      Consumer<FileEntry> each,
      Consumer<BlkshException> problems) {
    if (directory.size() > inodeSize) {
      throw volume.damage(directory, "the directory does not fit into its inode");
    }
    int size = (int) directory.size();
    Structure entries = Structure.of(new byte[size]);
    inline(directory, inode).read(0, ByteBuffer.wrap(entries.bytes()));
    int first = Math.min(size, BLOCK_MAP_LENGTH);
    listBlock(directory, entries, Integer.BYTES, first, each, problems);
    listBlock(directory, entries, BLOCK_MAP_LENGTH, size, each, problems);
  }

  /** Hands out the entries of a block; behind one that cannot be there is nothing to go by. */
  private void listBlock(
      FileEntry directory,
      Structure block,
      int from,
      int to,
      Consumer<FileEntry> each,
      Consumer<BlkshException> problems) {
    for (int at = from; at + 8 <= to; ) {
      long number = block.u32(at);
      int length = block.u16(at + 4);
      if (blockSize > 32768) {
        length = length == 0xffff || length == 0 ? 1 << 16 : length & 0xfffc | (length & 3) << 16;
      }
      int nameLength = block.u8(at + 6);
      if (!superblock.hasIncompatible(ExtSuperblock.FILETYPE) && block.u8(at + 7) != 0) {
        nameLength |= block.u8(at + 7) << 8;
      }
      boolean last = at + length == to;
      if (length < 8 || length % 4 != 0 && !last || at + length > to || nameLength > length - 8) {
        problems.accept(volume.damage(directory, "the directory is damaged"));
        return;
      }
      if (number != 0) {
        name(directory, block.bytes(at + 8, nameLength), number, each, problems);
      }
      at += length;
    }
  }

  private void name(
      FileEntry directory,
      byte[] name,
      long number,
      Consumer<FileEntry> each,
      Consumer<BlkshException> problems) {
    boolean dots =
        name.length > 0 && name.length <= 2 && name[0] == '.' && name[name.length - 1] == '.';
    if (dots) {
      return;
    }
    FileEntry entry = null;
    try {
      String path = volume.path(directory, name);
      entry = entryOrDamaged(path, number);
    } catch (FileSystemDamageException e) {
      problems.accept(e);
    }
    if (entry != null) {
      each.accept(entry);
    }
  }

  private FileEntry entryOrDamaged(String path, long number) {
    try {
      return entry(path, number);
    } catch (BlkshException e) {
      return FileEntry.damaged(path, number, e);
    }
  }

  @Override
  public TreeMetadata metadata(FileEntry entry) {
    Structure inode = inode(entry.id());
    TreeMetadata usual = FileTree.plainMetadata(entry);
    return new TreeMetadata(
        usual.type(),
        entry.mode(),
        inode.u16(2) | inode.u16(0x78) << 16,
        inode.u16(0x18) | inode.u16(0x7a) << 16,
        usual.mtimeSeconds(),
        usual.mtimeNanos(),
        0,
        ExtAttributes.of(this, entry, inode));
  }

  @Override
  public long sharedNumber(FileEntry file) {
    return inode(file.id()).u16(0x1a) > 1 ? file.id() : 0;
  }

  @Override
  public List<String> leftBehind(FileEntry entry) {
    List<String> left = new ArrayList<>();
    int flags = inode(entry.id()).i32(FLAGS);
    if ((flags & INODE_IMMUTABLE) != 0) {
      left.add("it cannot be changed (chattr +i), and its copy can");
    }
    if ((flags & INODE_APPEND) != 0) {
      left.add("it can only grow (chattr +a), and its copy can be changed");
    }
    return left;
  }

  Volume volume() {
    return volume;
  }

  ExtSuperblock superblock() {
    return superblock;
  }

  /** The content of an inode of no name, which holds the value of an attribute. */
  BlockSource value(FileEntry owner, long number, long size) {
    FileEntry inner =
        new FileEntry(owner.path(), FileEntry.Kind.FILE, size, owner.modified(), 0, null, number);
    return content(inner, inode(number));
  }

  @Override
  public void close() {
    volume.source().close();
  }
}
