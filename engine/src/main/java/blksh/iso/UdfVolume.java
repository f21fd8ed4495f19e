package blksh.iso;

/** The descriptors of a UDF volume (ECMA-167 part 3, OSTA UDF 1.02). */
final class UdfVolume {

  /** Blocks of the partition that come before the root: the file set, and what ends it. */
  static final int FILE_SET_BLOCKS = 2;

  /** The last block of the image. */
  static final int LAST_ANCHOR_BLOCKS = 1;

  private UdfVolume() {}
}
