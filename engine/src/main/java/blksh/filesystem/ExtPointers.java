package blksh.filesystem;

/** The block pointers of an ext2 or ext3 file: twelve direct ones, then up to three levels. */
final class ExtPointers implements FileRun.Map {

  private static final int DIRECT = 12;
  private static final int LEVELS = 3;

  private final Volume volume;
  private final FileEntry file;
  private final byte[] map;
  private final int blockSize;
  private final long blocks;
  private final int perBlock;

  ExtPointers(Volume volume, FileEntry file, byte[] map, ExtSuperblock superblock) {
    this.volume = volume;
    this.file = file;
    this.map = map;
    this.blockSize = superblock.blockSize();
    this.blocks = superblock.blocks();
    this.perBlock = blockSize / Integer.BYTES;
  }

  @Override
  public FileRun at(long position) {
    long block = position / blockSize;
    Structure pointers = Structure.of(map);
    if (block < DIRECT) {
      return run(pointers, (int) block, DIRECT, block);
    }
    long within = block - DIRECT;
    long covered = 1;
    for (int level = 1; level <= LEVELS; level++) {
      covered *= perBlock;
      if (within < covered) {
        return indirect(pointer(pointers, DIRECT + level - 1), level, covered, within, block);
      }
      within -= covered;
    }
    throw volume.damage(file, "it is longer than a file can be");
  }

  /**
   * Looks below a pointer.
   *
   * @param covered blocks of the file below it
   * @param within the block looked for, counted from the first of these
   */
  private FileRun indirect(long pointer, int level, long covered, long within, long block) {
    long below = pointer;
    long under = covered;
    long offset = within;
    for (int at = level; at > 0; at--) {
      if (below == 0) {
        return new FileRun((block - offset) * blockSize, under * blockSize, FileRun.HOLE);
      }
      Structure pointers = volume.read(below * blockSize, blockSize);
      under /= perBlock;
      int index = (int) (offset / under);
      if (at == 1) {
        return run(pointers, index, perBlock, block);
      }
      offset %= under;
      below = pointer(pointers, index);
    }
    throw new IllegalStateException();
  }

  /** The run that begins with a pointer and goes on as long as the next ones lie next to it. */
  private FileRun run(Structure pointers, int index, int end, long block) {
    long first = pointer(pointers, index);
    int count = 1;
    while (index + count < end
        && pointer(pointers, index + count) == (first == 0 ? 0 : first + count)) {
      count++;
    }
    return new FileRun(
        block * blockSize, (long) count * blockSize, first == 0 ? FileRun.HOLE : first * blockSize);
  }

  private long pointer(Structure pointers, int index) {
    long block = pointers.u32(index * Integer.BYTES);
    if (block >= blocks) {
      throw volume.damage(file, "it has data where the volume has none");
    }
    return block;
  }
}
