package blksh.store;

/**
 * How thoroughly to verify.
 *
 * @param mode how much to read
 * @param samplePercent of the stored bytes to read in {@link Mode#SAMPLE}, 0 to 100
 */
public record VerifyOptions(Mode mode, double samplePercent) {

  /** How much of a store a verification reads. */
  public enum Mode {
    /** Structure: every pack is there with a sound table, every manifest names pages that exist. */
    QUICK,
    /** Structure, and every page of the packs verified longest ago, up to a share of the store. */
    SAMPLE,
    /** Every byte of every file. */
    FULL
  }

  public VerifyOptions {
    if (!(samplePercent >= 0 && samplePercent <= 100)) {
      throw new IllegalArgumentException("a sample of " + samplePercent + " percent");
    }
  }

  public static VerifyOptions quick() {
    return new VerifyOptions(Mode.QUICK, 0);
  }

  public static VerifyOptions sample(double percent) {
    return new VerifyOptions(Mode.SAMPLE, percent);
  }

  public static VerifyOptions full() {
    return new VerifyOptions(Mode.FULL, 100);
  }
}
