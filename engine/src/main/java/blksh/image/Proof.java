package blksh.image;

import java.util.function.Supplier;

/**
 * How the data of an image is proven: groups of stored blocks, each with a checksum behind it.
 *
 * @param algorithm its name, as people know it
 * @param perGroup blocks of a group; the last may have fewer
 * @param groups groups that have a checksum
 * @param trailer bytes behind each group
 * @param digests makes what sums a group up
 * @param goesOn how far a checksum goes back
 */
record Proof(
    String algorithm,
    long perGroup,
    long groups,
    int trailer,
    Supplier<GroupDigest> digests,
    GoesOn goesOn) {

  /** What a checksum covers besides its own group. */
  enum GoesOn {
    /** Nothing: each group stands alone. */
    NOTHING,
    /** All before, through the checksum of the group before: groups can still be proven alone. */
    CHECKSUM,
    /** All before: a group can be proven only after all before it. */
    DATA
  }

  /** Nothing is proven. */
  static Proof none() {
    return new Proof("none", Long.MAX_VALUE, 0, 0, () -> null, GoesOn.NOTHING);
  }
}
