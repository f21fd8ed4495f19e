package blksh.luks;

import java.io.Serial;

/** Why a header cannot be used, or a volume not be opened, as a clause. */
final class LuksProblem extends Exception {

  @Serial private static final long serialVersionUID = 1;

  LuksProblem(String clause) {
    super(clause, null, false, false);
  }

  static void unless(boolean fine, String clause, Object... values) throws LuksProblem {
    if (!fine) {
      throw new LuksProblem(clause.formatted(values));
    }
  }
}
