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

  /**
   * @param blockSize as a header has it, as an unsigned number
   * @param blocks as a header has it
   * @throws AbsurdSizeException when either cannot be, or their product is no size, or the map of
   *     so many blocks is larger than the memory there is
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
   * @throws AbsurdSizeException when the map would not fit into half of the memory
   */
  void requireMemory(ImageFile file) {
    long needed = mapBytes() + mapBytes() / 8;
    long memory = Runtime.getRuntime().maxMemory() / 2;
    if (needed > memory) {
      throw new AbsurdSizeException(
              file.opening(),
              "the map of its %d blocks needs %d MiB of memory and %d are allowed"
                  .formatted(blocks, needed >> 20, memory >> 20))
          .suggest(
              "if it is as large as that, give Java more: _JAVA_OPTIONS=-Xmx%dm"
                  .formatted((needed >> 19) + 128));
    }
  }
}
