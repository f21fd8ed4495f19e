package blksh.parity;

import blksh.block.BlockSource;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.util.BitSet;

/** Sectors of a medium that may be readable in part. */
final class SectorRead {

  private static final int SECTOR = ParityLayout.SECTOR;

  private SectorRead() {}

  /**
   * Reads as many sectors as a buffer takes, each by itself where several cannot be had at once.
   *
   * @param bad gets the numbers, from 0 on, of those that cannot be read or are not there; whatever
   *     the buffer has for them means nothing
   */
  static void read(BlockSource source, long first, ByteBuffer to, BitSet bad) {
    int count = to.remaining() / SECTOR;
    bad.clear();
    if (!isRead(source, first * SECTOR, to.slice())) {
      boolean gone = false;
      for (int i = 0; i < count; i++) {
        if (gone || count == 1) {
          bad.set(i);
          continue;
        }
        try {
          ByteBuffer one = to.slice(to.position() + i * SECTOR, SECTOR);
          bad.set(i, source.read((first + i) * SECTOR, one) < SECTOR);
        } catch (UnreadableException e) {
          bad.set(i);
          gone = e.isGone();
        }
      }
    }
  }

  private static boolean isRead(BlockSource source, long position, ByteBuffer to) {
    int wanted = to.remaining();
    try {
      return source.read(position, to) == wanted;
    } catch (UnreadableException e) {
      return false;
    }
  }

  static boolean isZero(ByteBuffer sector) {
    for (int i = sector.position(); i < sector.limit(); i += Long.BYTES) {
      if (sector.getLong(i) != 0) {
        return false;
      }
    }
    return true;
  }
}
