package blksh.image;

/**
 * Proves groups whose checksums cover everything before them: in order, once, from the first on.
 * After a damaged group none can be proven any more.
 */
final class ProofFront {

  private final StoredBlocks blocks;
  private final GroupDigest digest;

  /** The group to prove next; all before are good, unless {@link #damaged} is one of them. */
  private long next;

  private volatile long damaged = Long.MAX_VALUE;
  private BlockReader.Verdict damage;

  ProofFront(StoredBlocks blocks) {
    this.blocks = blocks;
    this.digest = blocks.proof().digests().get();
  }

  /** Proves up to a group. */
  synchronized BlockReader.Verdict verdict(BlockReader reader, long group) {
    try {
      while (next <= group && damaged == Long.MAX_VALUE) {
        BlockReader.Verdict verdict = reader.prove(next, digest);
        if (verdict != BlockReader.Verdict.GOOD) {
          damaged = next;
          damage = verdict;
        }
        next++;
      }
    } catch (RuntimeException e) {
      // what the digest has seen of the group cannot be taken back
      damaged = next;
      damage = BlockReader.Verdict.BAD;
      throw e;
    }
    if (group < damaged) {
      return BlockReader.Verdict.GOOD;
    }
    return group == damaged ? damage : BlockReader.Verdict.BAD;
  }

  boolean isAfterDamage(long group) {
    return group > damaged;
  }
}
