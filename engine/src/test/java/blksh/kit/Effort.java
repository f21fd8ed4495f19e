package blksh.kit;

import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How much a test does: enough to notice a fault in the usual run, far more in a long one, which
 * {@code verify.sh --long} asks for; the property of a test's own says it exactly. Only a long run
 * has the time for more than a test's limit.
 */
public final class Effort {

  private Effort() {}

  public static boolean isLong() {
    return Boolean.getBoolean("blksh.long");
  }

  /**
   * How often, how many or how long.
   *
   * @param property of the test, as {@code blksh.kills}
   */
  public static int of(String property, int usual, int lengthy) {
    return Integer.getInteger(property, isLong() ? lengthy : usual);
  }

  /** Skips the test, in CI too, unless it was asked for; {@code how} says how that is done. */
  public static void need(boolean asked, String how) {
    if (!asked) {
      abort("not asked for: " + how);
    }
  }

  /** Images somebody has made a set of: {@code -Dblksh.fixtures}. */
  public static Optional<Path> fixtures() {
    return Optional.ofNullable(System.getProperty("blksh.fixtures")).map(Path::of);
  }

  /** As above; skips the test where none is named, in CI too. */
  public static Path needFixtures() {
    return fixtures().orElseGet(() -> abort("not asked for: -Dblksh.fixtures=DIRECTORY"));
  }
}
