package blksh.volume;

import java.io.Serial;

/** Why metadata cannot be used, or a volume not be read, as a clause. */
final class VolumeProblem extends Exception {

  @Serial private static final long serialVersionUID = 1;

  private final boolean missing;
  private long start;
  private long length = Long.MAX_VALUE;

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

  /** What says so lies in a range only; what lies elsewhere may be sound all the same. */
  static VolumeProblem in(long start, long length, String clause) {
    VolumeProblem problem = new VolumeProblem(clause, false);
    problem.start = start;
    problem.length = length;
    return problem;
  }

  /** The first byte of what says so; 0 where it concerns all. */
  long start() {
    return start;
  }

  /** Bytes of what says so. */
  long length() {
    return length;
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
