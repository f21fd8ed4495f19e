package blksh.volume;

import java.io.Serial;

/** Why metadata cannot be used, or a volume not be read, as a clause. */
final class VolumeProblem extends Exception {

  @Serial private static final long serialVersionUID = 1;

  private final boolean missing;

  VolumeProblem(String clause) {
    this(clause, false);
  }

  private VolumeProblem(String clause, boolean missing) {
    super(clause, null, false, false);
    this.missing = missing;
  }

  /** A part is not there, which others may bring. */
  static VolumeProblem missing(String clause) {
    return new VolumeProblem(clause, true);
  }

  boolean isMissing() {
    return missing;
  }

  static void unless(boolean fine, String clause, Object... values) throws VolumeProblem {
    if (!fine) {
      throw new VolumeProblem(clause.formatted(values));
    }
  }
}
