package blksh.filesystem;

import blksh.io.UnreadableException;
import java.util.ArrayList;
import java.util.List;

/**
 * An anchor of a UDF volume (ECMA-167, 3/10.2): where its descriptors are, twice.
 *
 * @param blockSize bytes of a block of the volume
 * @param main the first block of the main sequence
 * @param reserve the first block of the other
 */
record UdfAnchor(int blockSize, long main, long reserve) {

  private static final int[] BLOCK_SIZES = {2048, 512, 4096, 1024};

  /** Whether there is the anchor near the beginning; where that cannot be read, any. */
  static boolean isOn(Volume volume) {
    boolean unreadable = false;
    for (int size : BLOCK_SIZES) {
      try {
        if (at(volume, Udf.ANCHOR_BLOCK, size) != null) {
          return true;
        }
      } catch (UnreadableException e) {
        unreadable = true;
      }
    }
    try {
      return unreadable && find(volume) != null;
    } catch (UnreadableException e) {
      return false;
    }
  }

  /**
   * An anchor at one of the three places where anchors are; null when there is none.
   *
   * @throws UnreadableException when there is none, but one may be where nothing can be read
   */
  static UdfAnchor find(Volume volume) {
    UnreadableException unreadable = null;
    for (long[] each : places(volume.source().size())) {
      try {
        UdfAnchor anchor = at(volume, each[0], (int) each[1]);
        if (anchor != null) {
          return anchor;
        }
      } catch (UnreadableException e) {
        unreadable = unreadable == null ? e : unreadable;
      }
    }
    if (unreadable != null) {
      throw unreadable;
    }
    return null;
  }

  /** Blocks where anchors can be, each with the size of a block. */
  private static List<long[]> places(long bytes) {
    List<long[]> places = new ArrayList<>();
    for (int size : BLOCK_SIZES) {
      places.add(new long[] {Udf.ANCHOR_BLOCK, size});
    }
    for (int size : BLOCK_SIZES) {
      long last = bytes / size - 1;
      places.add(new long[] {last, size});
      places.add(new long[] {last - Udf.ANCHOR_BLOCK, size});
    }
    return places;
  }

  private static UdfAnchor at(Volume volume, long block, int size) {
    if (block < 0 || block * size > volume.source().size() - size) {
      return null;
    }
    Structure anchor = volume.read(block * size, size);
    boolean here = Udf.isTagged(anchor, Udf.ANCHOR) && anchor.u32(Udf.TAG_BLOCK) == block;
    return here ? new UdfAnchor(size, anchor.u32(20), anchor.u32(28)) : null;
  }

  /**
   * The descriptors: those of the main sequence, or of the other one where it is damaged or cannot
   * be read.
   *
   * @throws blksh.BlkshException when both are
   */
  UdfSequence sequence(Volume volume) {
    try {
      return UdfSequence.read(volume, main, blockSize);
    } catch (FileSystemDamageException | UnreadableException damaged) {
      return UdfSequence.read(volume, reserve, blockSize);
    }
  }
}
