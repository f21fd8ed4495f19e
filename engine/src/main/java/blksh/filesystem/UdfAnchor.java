package blksh.filesystem;

/**
 * An anchor of a UDF volume (ECMA-167, 3/10.2): where its descriptors are, twice.
 *
 * @param blockSize bytes of a block of the volume
 * @param main the first block of the main sequence
 * @param reserve the first block of the other
 */
record UdfAnchor(int blockSize, long main, long reserve) {

  private static final int[] BLOCK_SIZES = {2048, 512, 4096, 1024};

  /** The anchor near the beginning, which is found without reading the rest; or null. */
  static UdfAnchor first(Volume volume) {
    for (int size : BLOCK_SIZES) {
      UdfAnchor anchor = at(volume, Udf.ANCHOR_BLOCK, size);
      if (anchor != null) {
        return anchor;
      }
    }
    return null;
  }

  /** An anchor at one of the three places where anchors are; null when there is none. */
  static UdfAnchor find(Volume volume) {
    UdfAnchor first = first(volume);
    if (first != null) {
      return first;
    }
    for (int size : BLOCK_SIZES) {
      long last = volume.source().size() / size - 1;
      UdfAnchor anchor = at(volume, last, size);
      anchor = anchor == null ? at(volume, last - Udf.ANCHOR_BLOCK, size) : anchor;
      if (anchor != null) {
        return anchor;
      }
    }
    return null;
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
   * The descriptors: those of the main sequence, or of the other one where it is damaged.
   *
   * @throws FileSystemDamageException when both are
   */
  UdfSequence sequence(Volume volume) {
    try {
      return UdfSequence.read(volume, main, blockSize);
    } catch (FileSystemDamageException damaged) {
      return UdfSequence.read(volume, reserve, blockSize);
    }
  }
}
