package blksh.catalogue;

import blksh.block.BlockSource;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import blksh.iso.DiscPlan;
import java.nio.ByteBuffer;
import java.util.BitSet;

/**
 * A disc of which sectors that cannot be read are tried again, each alone; it counts what came of
 * that. A sector is given up for good. Closing it leaves what it reads open.
 */
final class TriedDisc implements BlockSource {

  /** How often more a sector is tried. */
  private static final int TRIES = 3;

  /** Once so many sectors are given up, further ones are at the first failure: each takes long. */
  private static final int MOST_TRIED = 4096;

  private static final int PAGE = 4096;

  private final BlockSource disc;
  private final BitSet unreadable = new BitSet();
  private final BitSet corrected = new BitSet();

  /** Those of them that were read by the first try alone. */
  private final BitSet readAlone = new BitSet();

  TriedDisc(BlockSource disc) {
    this.disc = disc;
  }

  /** Sectors that could not be read, of those that were asked for. */
  synchronized int unreadable() {
    return unreadable.cardinality();
  }

  /** Sectors that were read, and not at once. */
  synchronized int corrected() {
    return corrected.cardinality();
  }

  /** The first byte from a position on that was given up. */
  private synchronized long firstGivenUp(long position) {
    int sector = unreadable.nextSetBit((int) (position / DiscPlan.SECTOR));
    return sector < 0 ? Long.MAX_VALUE : Math.max(position, (long) sector * DiscPlan.SECTOR);
  }

  private synchronized boolean isTriedAgain() {
    return unreadable.cardinality() < MOST_TRIED;
  }

  @Override
  public long size() {
    return disc.size();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    int from = target.position();
    int limit = target.limit();
    long end = Math.min(disc.size(), position + target.remaining());
    long at = position;
    try {
      while (at < end) {
        long readable = Math.min(end, firstGivenUp(at));
        target.limit(from + (int) (readable - position)).position(from + (int) (at - position));
        if (readable == at) {
          throw unreadable(at, Math.min(end, floor(at) + DiscPlan.SECTOR), null);
        }
        try {
          disc.read(at, target);
          at = readable;
        } catch (UnreadableException e) {
          if (e.isGone()) {
            throw e;
          }
          at = alone(Math.max(at, floor(e.start())), e, position, end, target, from);
        }
      }
      return Math.max(0, (int) (end - position));
    } finally {
      target.limit(limit);
    }
  }

  private UnreadableException unreadable(long start, long end, UnreadableException failed) {
    String problem = failed == null ? "it could not be read before" : failed.problem();
    return new UnreadableException(disc.describe().toString(), start, end - start, problem, failed);
  }

  private static long floor(long position) {
    return position / DiscPlan.SECTOR * DiscPlan.SECTOR;
  }

  /**
   * Reads the sector at which a longer read failed: what is behind it may be well, though who read
   * says nothing of that. The target then stands behind it. @return the first byte behind it
   */
  private long alone(
      long start,
      UnreadableException failed,
      long position,
      long end,
      ByteBuffer target,
      int from) {
    long next = Math.min(end, floor(start) + DiscPlan.SECTOR);
    ByteBuffer sector =
        target
            .duplicate()
            .limit(from + (int) (next - position))
            .position(from + (int) (start - position));
    if (!isRead(start, sector)) {
      target.position(from + (int) (start - position));
      throw unreadable(start, next, failed);
    }
    target.limit(from + (int) (end - position)).position(from + (int) (next - position));
    return next;
  }

  private boolean isRead(long position, ByteBuffer sector) {
    long number = position / DiscPlan.SECTOR;
    int from = sector.position();
    for (int i = 0; i < TRIES && isTriedAgain(); i++) {
      try {
        disc.read(position, sector.position(from));
        noteRead(number, i == 0);
        return true;
      } catch (UnreadableException e) {
        if (e.isGone()) {
          throw e;
        }
        noteFailed(number);
      }
    }
    noteFailed(number);
    noteGivenUp(number);
    return false;
  }

  private synchronized void noteRead(long sector, boolean atOnce) {
    corrected.set((int) sector);
    readAlone.set((int) sector, atOnce);
  }

  /** The system reads pages of 4096 bytes: a sector before this in its page never failed itself. */
  private synchronized void noteFailed(long sector) {
    int before = (int) sector - 1;
    if (sector % (PAGE / DiscPlan.SECTOR) != 0 && readAlone.get(before)) {
      corrected.clear(before);
    }
  }

  private synchronized void noteGivenUp(long sector) {
    unreadable.set((int) sector);
    corrected.clear((int) sector);
  }

  @Override
  public int sectorSize() {
    return disc.sectorSize();
  }

  @Override
  public SourceInfo describe() {
    return disc.describe();
  }

  @Override
  public void close() {
    // whoever opened the disc closes it
  }
}
