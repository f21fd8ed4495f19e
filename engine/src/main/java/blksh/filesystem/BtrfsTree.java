package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.io.ExtendedAttributes;
import blksh.tree.TreeMetadata;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * btrfs on one device (its documentation, "On-disk Format"): everything from the top level down,
 * subvolumes and snapshots as directories where they are, whichever is mounted by default. Nodes
 * and data are proven by their checksums. The log is not replayed: a file system that was not
 * unmounted shows what had reached its place.
 */
final class BtrfsTree implements FileTree {

  /** Bits of an entry's number that are the inode's; those above number the subvolume. */
  private static final int INODE_BITS = 43;

  /** The bit of an inode's number that tells a subvolume that is not here. */
  private static final long ABSENT = 1L << INODE_BITS - 1;

  /** The number of an entry of which only the name can be told. */
  private static final long NONE = 0;

  private static final int MOST_SUBVOLUMES = 1 << 20;

  /** The inode of the directory each subvolume begins with. */
  private static final long DIRECTORY = 256;

  private static final int LONGEST_LINK = 4096;

  /** Largest value of an attribute the kernel knows. */
  private static final int LARGEST_ATTRIBUTE = 1 << 16;

  /** Bytes that the attributes of a file may take together. */
  private static final int MOST_OF_ATTRIBUTES = 16 << 20;

  /** Where the item of a subvolume says how often it is referred to. */
  private static final int REFERENCES = 216;

  private final Volume volume;
  private final BtrfsSuperblock superblock;
  private final BtrfsCopies copies = new BtrfsCopies();
  private final BtrfsNodes nodes;
  private final BtrfsData data;
  private final List<String> notes = new ArrayList<>();

  /** Subvolumes that were met, by number, and their numbers by their identity. */
  private final List<BtrfsNodes.Root> subvolumes = new ArrayList<>();

  private final Map<Long, Integer> numbers = new HashMap<>();

  BtrfsTree(Volume volume) {
    this.volume = volume;
    superblock = BtrfsSuperblock.of(volume);
    BtrfsChunks chunks = new BtrfsChunks(volume, superblock);
    nodes = new BtrfsNodes(volume, superblock, chunks, copies);
    data = new BtrfsData(volume, superblock, chunks, nodes, copies);
    if (superblock.isCopy()) {
      notes.add(
          "its superblock is damaged, and the copy at byte %d served"
              .formatted(superblock.position()));
    }
    if (superblock.hasLog()) {
      notes.add("its log is not replayed: what was synced last may be missing, or older");
    }
    List<String> unread = new ArrayList<>();
    nodes.walk(
        nodes.rootOfChunks(),
        BtrfsKey.LEAST,
        BtrfsKey.GREATEST,
        problem -> {
          if (unread.isEmpty()) {
            unread.add("not all of its chunks are known: " + problem.problem());
          }
        },
        item -> {
          if (item.key().type() == BtrfsKey.CHUNK) {
            chunks.add(item);
          }
          return true;
        });
    notes.addAll(unread);
    subvolume(BtrfsNodes.TOP);
  }

  @Override
  public String type() {
    return "btrfs";
  }

  @Override
  public String label() {
    return superblock.label();
  }

  @Override
  public List<String> notes() {
    List<String> all = new ArrayList<>(notes);
    all.addAll(copies.told());
    return all;
  }

  @Override
  public FileEntry root() {
    FileEntry root = entry("/", number(BtrfsNodes.TOP), DIRECTORY);
    if (!root.isDirectory()) {
      throw volume.damage("its root is no directory");
    }
    return root;
  }

  Volume volume() {
    return volume;
  }

  BtrfsNodes nodes() {
    return nodes;
  }

  BtrfsData data() {
    return data;
  }

  int sectorSize() {
    return superblock.sectorSize();
  }

  private int number(long subvolume) {
    synchronized (numbers) {
      Integer known = numbers.get(subvolume);
      return known != null ? known : subvolume(subvolume);
    }
  }

  /** Notes a subvolume. @return its number */
  private int subvolume(long id) {
    BtrfsItem item =
        nodes.last(nodes.rootOfRoots(), new BtrfsKey(id, BtrfsKey.ROOT, BtrfsKey.LAST));
    boolean there = item != null && item.key().is(id, BtrfsKey.ROOT);
    BtrfsNodes.Root root = there ? BtrfsNodes.Root.of(item) : null;
    if (root == null || item.u32(REFERENCES) == 0) {
      throw volume.damage("its root tree does not know subvolume %d".formatted(id));
    }
    synchronized (numbers) {
      if (subvolumes.size() == MOST_SUBVOLUMES) {
        throw volume.damage("it has more than %d subvolumes".formatted(MOST_SUBVOLUMES));
      }
      numbers.put(id, subvolumes.size());
      subvolumes.add(root);
      return subvolumes.size() - 1;
    }
  }

  private BtrfsNodes.Root subvolumeOf(FileEntry entry) {
    synchronized (numbers) {
      return subvolumes.get((int) (entry.id() >>> INODE_BITS));
    }
  }

  private static long inodeOf(FileEntry entry) {
    return entry.id() & (1L << INODE_BITS) - 1;
  }

  private static boolean isAbsent(FileEntry entry) {
    return (entry.id() & ABSENT) != 0;
  }

  private BtrfsInode inode(BtrfsNodes.Root root, long number) {
    BtrfsItem item = nodes.find(root, new BtrfsKey(number, BtrfsKey.INODE, 0));
    if (item == null) {
      throw volume.damage("subvolume %d has no inode %d".formatted(root.tree(), number));
    }
    BtrfsInode inode = BtrfsInode.of(item);
    if (inode == null || inode.kind() == null) {
      throw volume.damage("inode %d of subvolume %d cannot be".formatted(number, root.tree()));
    }
    return inode;
  }

  private BtrfsInode inode(FileEntry entry) {
    entry.requireSound();
    return inode(subvolumeOf(entry), inodeOf(entry));
  }

  private FileEntry entry(String path, int subvolume, long number) {
    if (number < DIRECTORY || number >= ABSENT) {
      throw volume.damage("there is no inode %d".formatted(number));
    }
    BtrfsNodes.Root root;
    synchronized (numbers) {
      root = subvolumes.get(subvolume);
    }
    BtrfsInode inode = inode(root, number);
    long id = (long) subvolume << INODE_BITS | number;
    int mode = inode.mode() & 07777;
    FileEntry entry =
        new FileEntry(path, inode.kind(), inode.size(), inode.modified(), mode, null, id);
    return entry.kind() == FileEntry.Kind.LINK
        ? new FileEntry(
            path, entry.kind(), entry.size(), entry.modified(), mode, link(entry, root), id)
        : entry;
  }

  private String link(FileEntry link, BtrfsNodes.Root root) {
    if (link.size() > LONGEST_LINK) {
      throw volume.damage(link, "the symbolic link is too long");
    }
    byte[] bytes = new byte[(int) link.size()];
    new BtrfsContent(this, root, link, inodeOf(link), true).read(0, ByteBuffer.wrap(bytes));
    for (byte each : bytes) {
      if (each == 0) {
        throw volume.damage(link, "the symbolic link is not all there");
      }
    }
    return Volume.text(bytes);
  }

  @Override
  public BlockSource open(FileEntry file) {
    file.requireSound();
    if (file.kind() != FileEntry.Kind.FILE) {
      throw new BlkshException("open " + file.path(), "it is no file");
    }
    boolean summed = inode(file).isSummed();
    return new BtrfsContent(this, subvolumeOf(file), file, inodeOf(file), summed);
  }

  @Override
  public void list(
      FileEntry directory, Consumer<FileEntry> each, Consumer<BlkshException> problems) {
    directory.requireDirectory();
    if (isAbsent(directory)) {
      return;
    }
    long number = inodeOf(directory);
    nodes.walk(
        subvolumeOf(directory),
        new BtrfsKey(number, BtrfsKey.NAME, 0),
        new BtrfsKey(number, BtrfsKey.NAME, BtrfsKey.LAST),
        problems,
        item -> {
          FileEntry entry = null;
          try {
            entry = named(directory, item);
          } catch (FileSystemDamageException e) {
            problems.accept(e);
          }
          if (entry != null) {
            each.accept(entry);
          }
          return true;
        });
  }

  private FileEntry named(FileEntry directory, BtrfsItem item) {
    BtrfsName name = BtrfsName.at(item, 0);
    if (name == null || name.end() != item.length()) {
      throw volume.damage(
          directory, "its name of number %d is damaged".formatted(item.key().offset()));
    }
    String path = volume.path(directory, name.name());
    try {
      return entry(path, directory, name);
    } catch (BlkshException e) {
      return FileEntry.damaged(path, NONE, e);
    }
  }

  private FileEntry entry(String path, FileEntry directory, BtrfsName name) {
    if ((name.type() & BtrfsName.ENCRYPTED) != 0) {
      throw new BlkshException("read " + path, "its name is encrypted");
    }
    FileEntry.Kind kind = name.kind();
    long target = name.target().object();
    FileEntry entry =
        switch (name.target().type()) {
          case BtrfsKey.INODE -> entry(path, (int) (directory.id() >>> INODE_BITS), target);
          case BtrfsKey.ROOT -> subvolume(path, directory, name);
          default -> throw volume.damage("what %s is is not known".formatted(path));
        };
    if (entry.kind() != kind) {
      throw volume.damage("%s is not of the kind that its directory says".formatted(path));
    }
    return entry;
  }

  /**
   * A subvolume by its name. A snapshot has the names of those in what it was taken of, and not
   * them: there is an empty directory, as the kernel shows it.
   */
  private FileEntry subvolume(String path, FileEntry directory, BtrfsName name) {
    long id = name.target().object();
    BtrfsNodes.Root parent = subvolumeOf(directory);
    BtrfsItem reference =
        nodes.find(nodes.rootOfRoots(), new BtrfsKey(parent.tree(), BtrfsKey.ROOT_REFERENCE, id));
    if (reference != null && isOf(reference, directory, name)) {
      return entry(path, number(id), DIRECTORY);
    }
    if (id < DIRECTORY || id >= ABSENT) {
      throw volume.damage("there is no subvolume %d".formatted(id));
    }
    long absent = directory.id() >>> INODE_BITS << INODE_BITS | ABSENT | id;
    Instant modified = directory.modified();
    return new FileEntry(path, FileEntry.Kind.DIRECTORY, 0, modified, 0755, null, absent);
  }

  private static boolean isOf(BtrfsItem reference, FileEntry directory, BtrfsName name) {
    int length = name.name().length;
    return reference.length() == 18 + length
        && reference.i64(0) == inodeOf(directory)
        && reference.u16(16) == length
        && Arrays.equals(reference.bytes(18, length), name.name());
  }

  @Override
  public TreeMetadata metadata(FileEntry entry) {
    TreeMetadata usual = FileTree.plainMetadata(entry);
    if (isAbsent(entry)) {
      return usual;
    }
    BtrfsInode inode = inode(entry);
    return new TreeMetadata(
        usual.type(),
        entry.mode(),
        inode.owner(),
        inode.group(),
        usual.mtimeSeconds(),
        usual.mtimeNanos(),
        0,
        attributes(entry));
  }

  private ExtendedAttributes attributes(FileEntry entry) {
    long number = inodeOf(entry);
    List<ExtendedAttributes.Attribute> found = new ArrayList<>();
    int[] taken = {0};
    nodes.walk(
        subvolumeOf(entry),
        new BtrfsKey(number, BtrfsKey.ATTRIBUTE, 0),
        new BtrfsKey(number, BtrfsKey.ATTRIBUTE, BtrfsKey.LAST),
        problem -> {
          throw problem;
        },
        item -> {
          for (int at = 0; at < item.length(); ) {
            BtrfsName name = BtrfsName.at(item, at);
            boolean sound =
                name != null
                    && name.type() == BtrfsName.ATTRIBUTE
                    && name.value().length <= LARGEST_ATTRIBUTE;
            if (!sound) {
              throw volume.damage(entry, "its attributes are damaged");
            }
            taken[0] += name.end() - at;
            if (taken[0] > MOST_OF_ATTRIBUTES) {
              throw volume.damage(
                  entry,
                  "it has more attributes than fit into %d bytes".formatted(MOST_OF_ATTRIBUTES));
            }
            found.add(new ExtendedAttributes.Attribute(name.name(), name.value()));
            at = name.end();
          }
          return true;
        });
    found.sort((a, b) -> Arrays.compareUnsigned(a.name(), b.name()));
    return new ExtendedAttributes(found);
  }

  @Override
  public long sharedNumber(FileEntry file) {
    return !isAbsent(file) && inode(file).names() > 1 ? file.id() : 0;
  }

  @Override
  public List<String> leftBehind(FileEntry entry) {
    List<String> left = new ArrayList<>();
    if (!isAbsent(entry)) {
      BtrfsInode inode = inode(entry);
      if (inode.isImmutable()) {
        left.add("it cannot be changed (chattr +i), and its copy can");
      }
      if (inode.onlyGrows()) {
        left.add("it can only grow (chattr +a), and its copy can be changed");
      }
    }
    return left;
  }

  @Override
  public void close() {
    volume.source().close();
  }
}
