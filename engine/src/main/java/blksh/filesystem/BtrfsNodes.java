package blksh.filesystem;

import blksh.BlkshException;
import blksh.io.UnreadableException;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;

/**
 * The trees of btrfs. Each node is proven before anything in it is believed: its checksum, its
 * place, its file system, its level, owner and generation as its parent says them, its keys in
 * order and between those of its parent, so that none is reached twice. Where a copy of a node is
 * not right another serves.
 */
final class BtrfsNodes {

  /** No level is higher. */
  static final int HIGHEST = 7;

  private static final int HEADER = 101;
  private static final int ITEM = 25;
  private static final int POINTER = 33;

  /** Bytes of nodes that are kept. */
  private static final int KEPT = 4 << 20;

  /** The tree of the files at the top, and the first subvolume. */
  static final long TOP = 5;

  static final long FIRST_SUBVOLUME = 256;

  // Other trees.
  static final long ROOTS = 1;
  static final long EXTENTS = 2;
  static final long CHUNKS = 3;
  static final long SUMS = 7;

  /**
   * Where a tree begins.
   *
   * @param tree its number
   * @param address logical
   * @param level of its root
   * @param generation of its root
   */
  record Root(long tree, long address, int level, long generation) {

    private static final int SHORTEST = 239;

    /** That in an item of the tree of roots; null when there is none. */
    static Root of(BtrfsItem item) {
      return item.length() < SHORTEST || item.u8(238) > HIGHEST
          ? null
          : new Root(item.key().object(), item.i64(176), item.u8(238), item.i64(160));
    }
  }

  /** Takes items as they come. */
  interface Items<E extends Exception> {
    /** Takes one. @return false to end there */
    boolean take(BtrfsItem item) throws E;
  }

  /**
   * What a parent says of a node: the first key in it, and one that is past it; both may be null.
   */
  private record Reference(
      long tree, long address, int level, long generation, BtrfsKey first, BtrfsKey past) {

    static Reference to(Root root) {
      return new Reference(root.tree, root.address, root.level, root.generation, null, null);
    }

    Reference child(Structure node, int i) {
      int at = HEADER + POINTER * i;
      boolean last = i + 1 == node.i32(96);
      return new Reference(
          tree,
          node.i64(at + BtrfsKey.LENGTH),
          level - 1,
          node.i64(at + BtrfsKey.LENGTH + 8),
          BtrfsKey.at(node, at),
          last ? past : BtrfsKey.at(node, at + POINTER));
    }
  }

  private record Kept(long address, Structure node) {}

  private final Volume volume;
  private final BtrfsSuperblock superblock;
  private final BtrfsChunks chunks;
  private final BtrfsCopies copies;
  private final int nodeSize;
  private final AtomicReferenceArray<Kept> kept;

  /**
   * @param copies told of what was read of a second copy
   */
  BtrfsNodes(Volume volume, BtrfsSuperblock superblock, BtrfsChunks chunks, BtrfsCopies copies) {
    this.volume = volume;
    this.superblock = superblock;
    this.chunks = chunks;
    this.copies = copies;
    this.nodeSize = superblock.nodeSize();
    this.kept = new AtomicReferenceArray<>(KEPT / nodeSize);
  }

  Root rootOfRoots() {
    return new Root(ROOTS, superblock.root(), superblock.rootLevel(), superblock.generation());
  }

  Root rootOfChunks() {
    return new Root(
        CHUNKS, superblock.chunkRoot(), superblock.chunkLevel(), superblock.chunkGeneration());
  }

  /**
   * Hands out all items from one key to another, in order.
   *
   * @param problems gets what nodes cannot be read; the rest is handed out all the same
   * @throws FileSystemDamageException when the root cannot be
   */
  <E extends Exception> void walk(
      Root root, BtrfsKey from, BtrfsKey to, Consumer<BlkshException> problems, Items<E> items)
      throws E {
    Reference top = Reference.to(root);
    walk(node(top), top, from, to, problems, items);
  }

  /**
   * @return false when it has ended
   */
  private <E extends Exception> boolean walk(
      Structure node,
      Reference reference,
      BtrfsKey from,
      BtrfsKey to,
      Consumer<BlkshException> problems,
      Items<E> items)
      throws E {
    int count = node.i32(96);
    if (reference.level == 0) {
      for (int i = before(node, ITEM, from, false); i < count; i++) {
        BtrfsItem item = item(node, i);
        if (item.key().compareTo(to) > 0 || !items.take(item)) {
          return false;
        }
      }
      return true;
    }
    for (int i = Math.max(0, before(node, POINTER, from, true) - 1); i < count; i++) {
      Reference child = reference.child(node, i);
      if (child.first.compareTo(to) > 0) {
        return false;
      }
      Structure below = null;
      try {
        below = node(child);
      } catch (FileSystemDamageException | UnreadableException e) {
        problems.accept(FileEntry.survived(e));
      }
      if (below != null && !walk(below, child, from, to, problems, items)) {
        return false;
      }
    }
    return true;
  }

  private static void refuse(BlkshException problem) {
    throw problem;
  }

  /** The first item from one key to another, or null. */
  BtrfsItem first(Root root, BtrfsKey from, BtrfsKey to) {
    BtrfsItem[] found = {null};
    walk(
        root,
        from,
        to,
        BtrfsNodes::refuse,
        item -> {
          found[0] = item;
          return false;
        });
    return found[0];
  }

  /** The item with a key, or null. */
  BtrfsItem find(Root root, BtrfsKey key) {
    return first(root, key, key);
  }

  /** The last item that is not past a key, or null. */
  BtrfsItem last(Root root, BtrfsKey key) {
    Reference reference = Reference.to(root);
    Structure node = node(reference);
    while (reference.level > 0) {
      int i = before(node, POINTER, key, true) - 1;
      if (i < 0) {
        return null;
      }
      reference = reference.child(node, i);
      node = node(reference);
    }
    int i = before(node, ITEM, key, true) - 1;
    return i < 0 ? null : item(node, i);
  }

  private static BtrfsItem item(Structure node, int i) {
    int key = HEADER + ITEM * i;
    int at = HEADER + node.i32(key + BtrfsKey.LENGTH);
    int end = at + node.i32(key + BtrfsKey.LENGTH + 4);
    return new BtrfsItem(node, BtrfsKey.at(node, key), at, end);
  }

  /** How many keys of a node are before a key, or are that. */
  private static int before(Structure node, int width, BtrfsKey key, boolean itself) {
    int low = 0;
    int high = node.i32(96);
    while (low < high) {
      int middle = (low + high) >>> 1;
      int order = BtrfsKey.at(node, HEADER + width * middle).compareTo(key);
      if (order < 0 || order == 0 && itself) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private Structure node(Reference reference) {
    long address = reference.address;
    int slot = (int) Long.remainderUnsigned(address / nodeSize, kept.length());
    Kept known = kept.get(slot);
    if (known != null && known.address == address && misfit(known.node, reference) == null) {
      return known.node;
    }
    BtrfsChunks.Chunk chunk = chunks.of(address, nodeSize);
    if (chunk == null) {
      throw volume.damage(
          "%s leads outside its chunks, to address %d".formatted(name(reference.tree), address));
    }
    BlkshException first = null;
    for (long copy : chunk.copies()) {
      long at = copy + (address - chunk.logical());
      try {
        Structure node = volume.read(at, nodeSize);
        String flaw = flaw(node, reference);
        if (flaw == null) {
          if (first != null) {
            copies.nodeServed(first);
          }
          kept.set(slot, new Kept(address, node));
          return node;
        }
        throw volume.damage(
            "the node at byte %d, of %s, %s".formatted(at, name(reference.tree), flaw));
      } catch (FileSystemDamageException | UnreadableException e) {
        first = first == null ? FileEntry.survived(e) : first;
      }
    }
    throw first;
  }

  private static String name(long tree) {
    return switch ((int) Math.min(tree, FIRST_SUBVOLUME)) {
      case (int) ROOTS -> "its root tree";
      case (int) EXTENTS -> "its extent tree";
      case (int) CHUNKS -> "its chunk tree";
      case (int) SUMS -> "its tree of checksums";
      default -> "subvolume " + Long.toUnsignedString(tree);
    };
  }

  /** What is wrong with a node, or null. */
  private String flaw(Structure node, Reference reference) {
    if (!superblock.checksum().proves(node)) {
      return "fails its checksum";
    }
    if (!superblock.owns(node)) {
      return "is of another file system";
    }
    String flaw = misfit(node, reference);
    return flaw != null ? flaw : disorder(node);
  }

  /** How a node is not what its parent says. */
  private String misfit(Structure node, Reference reference) {
    if (node.i64(48) != reference.address) {
      return "says that it is elsewhere";
    }
    if (node.i64(80) != reference.generation || node.i64(80) > superblock.generation()) {
      return "is of generation %d instead of %d".formatted(node.i64(80), reference.generation);
    }
    if (node.u8(100) != reference.level) {
      return "is of level %d instead of %d".formatted(node.u8(100), reference.level);
    }
    long owner = node.i64(88);
    if (isOfFiles(reference.tree) ? !isOfFiles(owner) : owner != reference.tree) {
      return "belongs to tree %d".formatted(owner);
    }
    long count = node.u32(96);
    int width = reference.level == 0 ? ITEM : POINTER;
    if (HEADER + count * width > nodeSize) {
      return "holds more than has room";
    }
    if (count == 0) {
      return reference.level > 0 || reference.first != null ? "holds nothing" : null;
    }
    boolean within =
        (reference.first == null || BtrfsKey.at(node, HEADER).equals(reference.first))
            && (reference.past == null
                || BtrfsKey.at(node, HEADER + width * ((int) count - 1)).compareTo(reference.past)
                    < 0);
    return within ? null : "holds keys that do not belong there";
  }

  /** Nodes of a subvolume may be those of another that it was a snapshot of. */
  private static boolean isOfFiles(long tree) {
    return tree == TOP || tree >= FIRST_SUBVOLUME;
  }

  /** How a node contradicts itself. */
  private String disorder(Structure node) {
    int count = node.i32(96);
    boolean leaf = node.u8(100) == 0;
    int width = leaf ? ITEM : POINTER;
    long free = nodeSize;
    BtrfsKey before = null;
    for (int i = 0; i < count; i++) {
      int at = HEADER + width * i;
      BtrfsKey key = BtrfsKey.at(node, at);
      if (before != null && before.compareTo(key) >= 0) {
        return "has keys that are out of order";
      }
      before = key;
      if (leaf) {
        long start = HEADER + node.u32(at + BtrfsKey.LENGTH);
        long end = start + node.u32(at + BtrfsKey.LENGTH + 4);
        if (start < HEADER + (long) width * count || end > free) {
          return "has items that are outside it, or over each other";
        }
        free = start;
      }
    }
    return null;
  }

  /** The tree with a number: that of the last item of its. */
  Root root(long tree) {
    BtrfsItem item = last(rootOfRoots(), new BtrfsKey(tree, BtrfsKey.ROOT, BtrfsKey.LAST));
    Root root = item != null && item.key().is(tree, BtrfsKey.ROOT) ? Root.of(item) : null;
    if (root == null) {
      throw volume.damage("its root tree does not know %s".formatted(name(tree)));
    }
    return root;
  }
}
