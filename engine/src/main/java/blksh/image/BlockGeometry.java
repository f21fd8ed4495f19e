package blksh.image;

/**
 * Block size and count of an image, within the limits partclone keeps too.
 *
 * @param blockSize bytes
 * @param blocks in the partition
 */
record BlockGeometry(int blockSize, long blocks) {

  static final int LARGEST_BLOCK = 64 << 20;

  private static final long MOST_BLOCKS = 1L << 43;

  /** Of 256 TiB in blocks of 512 bytes, or of 2 PiB in blocks of 4 KiB; in bytes. */
  private static final long LARGEST_MAP = 64L << 30;

  /**
   * @param blockSize as a header has it, as an unsigned number
   * @param blocks as a header has it
   * @throws AbsurdSizeException when either cannot be, or their product is no size
   */
  static BlockGeometry of(ImageFile file, long blockSize, long blocks) {
    if (blockSize < 1 || blockSize > LARGEST_BLOCK) {
      throw new AbsurdSizeException(
          file.opening(),
          "its header is damaged: it claims blocks of %s bytes"
              .formatted(Long.toUnsignedString(blockSize)));
    }
    if (blocks < 1 || blocks >= MOST_BLOCKS || blocks > Long.MAX_VALUE / blockSize) {
      throw new AbsurdSizeException(
          file.opening(),
          "its header is damaged: it claims %s blocks of %d bytes"
              .formatted(Long.toUnsignedString(blocks), blockSize));
    }
    return new BlockGeometry((int) blockSize, blocks);
  }

  /** Bytes of the partition the blocks cover. */
  long bytes() {
    return blocks * blockSize;
  }

  /** Bytes of a map with one bit a block. */
  long mapBytes() {
    return (blocks + 7) / 8;
  }

  /**
   * @throws AbsurdSizeException when nobody has so large a map
   */
  void requireMap(ImageFile file) {
    if (mapBytes() > LARGEST_MAP) {
      throw new AbsurdSizeException(
          file.opening(),
          "it claims %d blocks, and a map of so many (%d GiB) is not read"
              .formatted(blocks, mapBytes() >> 30));
    }
  }
}
