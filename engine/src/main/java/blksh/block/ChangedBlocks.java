package blksh.block;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Which blocks of an overlay are no longer those underneath. What is known of a group of blocks,
 * and the bytes of the group in the file, change with its write lock held, so that who holds its
 * read lock sees both as they belong together.
 */
final class ChangedBlocks {

  static final long GROUP_BYTES = (long) BlockGroup.BLOCKS * Overlay.BLOCK;

  private static final int LOCKS = 64;

  private final ReentrantReadWriteLock[] locks = new ReentrantReadWriteLock[LOCKS];

  /** The groups with changed blocks, by their numbers. */
  private final ConcurrentSkipListMap<Long, BlockGroup> groups = new ConcurrentSkipListMap<>();

  ChangedBlocks() {
    for (int i = 0; i < LOCKS; i++) {
      locks[i] = new ReentrantReadWriteLock();
    }
  }

  private ReentrantReadWriteLock lock(long number) {
    return locks[(int) (number % LOCKS)];
  }

  /** What is to be held while a group is looked at. */
  Lock readLock(long number) {
    return lock(number).readLock();
  }

  /** What is to be held while a group is changed. */
  Lock writeLock(long number) {
    return lock(number).writeLock();
  }

  /** A group, or null when none of it is changed. */
  BlockGroup find(long number) {
    return groups.get(number);
  }

  /** A group, to change blocks of it. */
  BlockGroup group(long number) {
    return groups.computeIfAbsent(number, absent -> new BlockGroup());
  }

  boolean isEmpty() {
    return groups.isEmpty();
  }

  /** Blocks are in the file, or zero, as the map says; before anybody else looks. */
  void learn(long firstBlock, long count, boolean zero) {
    long block = firstBlock;
    long end = firstBlock + count;
    while (block < end) {
      int from = (int) (block % BlockGroup.BLOCKS);
      int to = (int) Math.min(BlockGroup.BLOCKS, from + (end - block));
      group(block / BlockGroup.BLOCKS).learn(from, to, zero);
      block += to - from;
    }
  }

  /** A range whose blocks are alike; the kind is null where it is as underneath. */
  record Run(long end, Extent.Kind kind) {}

  /** What is alike from a byte on, up to another at most. */
  Run runAt(long at, long to) {
    long number = at / GROUP_BYTES;
    BlockGroup group = groups.get(number);
    if (group == null) {
      Long next = groups.higherKey(number);
      return new Run(next == null ? to : Math.min(to, next * GROUP_BYTES), null);
    }
    Lock lock = readLock(number);
    lock.lock();
    try {
      int block = (int) (at % GROUP_BYTES / Overlay.BLOCK);
      long end = number * GROUP_BYTES + (long) group.endOfRun(block) * Overlay.BLOCK;
      return new Run(Math.min(to, end), group.kind(block));
    } finally {
      lock.unlock();
    }
  }

  /** What the map does not know yet; it counts as known from then on. */
  List<OverlayMap.Change> takeUnsynced() {
    List<OverlayMap.Change> changes = new ArrayList<>();
    for (Map.Entry<Long, BlockGroup> entry : groups.entrySet()) {
      long first = entry.getKey() * BlockGroup.BLOCKS;
      Lock lock = writeLock(entry.getKey());
      lock.lock();
      try {
        entry
            .getValue()
            .takeUnsynced(
                (from, to, zero) ->
                    changes.add(new OverlayMap.Change(first + from, to - from, zero)));
      } finally {
        lock.unlock();
      }
    }
    return changes;
  }

  /** What was taken did not get into the map. */
  void giveBack(OverlayMap.Change change) {
    long number = change.first() / BlockGroup.BLOCKS;
    int from = (int) (change.first() % BlockGroup.BLOCKS);
    Lock lock = writeLock(number);
    lock.lock();
    try {
      group(number).giveBack(from, from + (int) change.count());
    } finally {
      lock.unlock();
    }
  }

  /** Forgets everything; between {@link #lockAll} and {@link #unlockAll}. */
  void clear() {
    groups.clear();
  }

  /** Keeps everybody from all groups. */
  void lockAll() {
    for (ReentrantReadWriteLock lock : locks) {
      lock.writeLock().lock();
    }
  }

  void unlockAll() {
    for (ReentrantReadWriteLock lock : locks) {
      lock.writeLock().unlock();
    }
  }
}
