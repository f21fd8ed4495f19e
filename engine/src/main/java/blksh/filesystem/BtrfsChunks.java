package blksh.filesystem;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Where on a device of btrfs its logical addresses are: chunks, each with all its copies that are
 * on this device. What lies in stripes, or on other devices only, is refused by name.
 */
final class BtrfsChunks {

  /** Chunks there is memory for; a chunk of data has a gigabyte where there are many. */
  static final int MOST = 100_000;

  private static final int FIXED = 48;
  private static final int STRIPE = 32;

  // What a chunk is for, and how it is laid out.
  private static final long KINDS = 0x1 | 0x2 | 0x4;
  private static final long RAID0 = 0x8;

  // Each stripe has all of it.
  private static final long RAID1 = 0x10;
  private static final long DUP = 0x20;
  private static final long RAID1C3 = 0x200;
  private static final long RAID1C4 = 0x400;

  private static final long RAID10 = 0x40;
  private static final long RAID5 = 0x80;
  private static final long RAID6 = 0x100;

  /**
   * A chunk.
   *
   * @param copies where on this device they begin, at least one
   * @param elsewhere how many are on others
   */
  record Chunk(long logical, long length, List<Long> copies, int elsewhere) {
    long end() {
      return logical + length;
    }
  }

  private final Volume volume;
  private final BtrfsSuperblock superblock;

  /** All by their logical address. */
  private final NavigableMap<Long, Chunk> chunks = new TreeMap<>();

  BtrfsChunks(Volume volume, BtrfsSuperblock superblock) {
    this.volume = volume;
    this.superblock = superblock;
    superblock.addChunks(this);
  }

  /** In the order of their logical addresses. */
  Collection<Chunk> all() {
    return chunks.values();
  }

  /** The chunk that holds a logical address, or null. */
  Chunk of(long logical) {
    Map.Entry<Long, Chunk> before = chunks.floorEntry(logical);
    return before != null && logical < before.getValue().end() ? before.getValue() : null;
  }

  /** The chunk that holds a range, or null. */
  Chunk of(long logical, int length) {
    Chunk chunk = of(logical);
    return chunk != null && logical <= chunk.end() - length ? chunk : null;
  }

  /** Adds one of a superblock, which follows its key. @return where it ends */
  int add(Structure block, int at, int end) {
    if (at + BtrfsKey.LENGTH + FIXED > end || block.u8(at + 8) != BtrfsKey.CHUNK) {
      throw damaged();
    }
    int from = at + BtrfsKey.LENGTH;
    int stripes = block.u16(from + 44);
    int to = from + FIXED + STRIPE * stripes;
    if (to > end) {
      throw damaged();
    }
    add(new BtrfsItem(block, BtrfsKey.at(block, at), from, to));
    return to;
  }

  /** Adds one of the tree of chunks. */
  void add(BtrfsItem item) {
    Chunk chunk = chunk(item);
    Map.Entry<Long, Chunk> before = chunks.lowerEntry(chunk.logical());
    Map.Entry<Long, Chunk> after = chunks.higherEntry(chunk.logical());
    if (before != null && before.getValue().end() > chunk.logical()
        || after != null && after.getKey() < chunk.end()) {
      throw damaged();
    }
    if (chunks.size() == MOST) {
      throw refused("it has more than %d chunks".formatted(MOST));
    }
    chunks.put(chunk.logical(), chunk);
  }

  private FileSystemDamageException damaged() {
    return volume.damage("its list of chunks is damaged");
  }

  private UnknownFileSystemException refused(String problem) {
    UnknownFileSystemException refused = volume.refused(problem);
    refused.suggest("mount it with all its devices");
    return refused;
  }

  private Chunk chunk(BtrfsItem item) {
    int stripes = item.length() < FIXED ? 0 : item.u16(44);
    long logical = item.key().offset();
    if (stripes == 0 || FIXED + STRIPE * stripes > item.length()) {
      throw damaged();
    }
    long length = item.i64(0);
    if (logical < 0 || length <= 0 || logical + length < 0) {
      throw damaged();
    }
    requireWhole(item.i64(24) & ~KINDS, stripes);
    List<Long> copies = new ArrayList<>();
    for (int i = 0; i < stripes; i++) {
      int stripe = FIXED + STRIPE * i;
      long offset = item.i64(stripe + 8);
      if (item.i64(stripe) == superblock.device()) {
        if (offset < 0 || offset > superblock.deviceSize() - length) {
          throw volume.damage("a chunk lies outside");
        }
        copies.add(offset);
      }
    }
    if (copies.isEmpty()) {
      throw refused("a part of it is on another of its %d devices".formatted(superblock.devices()));
    }
    return new Chunk(logical, length, List.copyOf(copies), stripes - copies.size());
  }

  private void requireWhole(long profile, int stripes) {
    int copies =
        profile == 0
            ? 1
            : profile == RAID1 || profile == DUP
                ? 2
                : profile == RAID1C3 ? 3 : profile == RAID1C4 ? 4 : 0;
    if (copies != 0 && stripes != copies) {
      throw damaged();
    }
    if (copies != 0 || profile == RAID0 && stripes == 1) {
      return;
    }
    String name =
        profile == RAID0
            ? "RAID0"
            : profile == RAID10
                ? "RAID10"
                : profile == RAID5 ? "RAID5" : profile == RAID6 ? "RAID6" : null;
    throw refused(
        name == null
            ? "a chunk is of a profile that is not known (0x%x)".formatted(profile)
            : "it lies in stripes (%s) over %d devices, of which only one is here"
                .formatted(name, superblock.devices()));
  }
}
