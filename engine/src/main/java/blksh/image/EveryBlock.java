package blksh.image;

/** An image without a map: every block of the partition is stored. */
record EveryBlock(long blocks) implements BlockIndex {

  @Override
  public long used() {
    return blocks;
  }

  @Override
  public long rank(long block) {
    return block;
  }

  @Override
  public long block(long rank) {
    return rank;
  }

  @Override
  public long nextUsed(long from, long limit) {
    return Math.min(from, limit);
  }

  @Override
  public long nextUnused(long from, long limit) {
    return limit;
  }
}
