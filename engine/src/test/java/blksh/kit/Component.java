package blksh.kit;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The real programs, devices and rights that tests are made for. Where one is missing the test is
 * skipped, and the summary of the run says for want of what; with CI set it fails.
 */
public final class Component {

  private Component() {}

  /** Ends the test for want of something, named as a sentence. */
  public static <T> T missing(String what) {
    String ci = System.getenv("CI");
    if (ci == null || ci.isEmpty() || ci.equals("false")) {
      return abort(what);
    }
    return fail(what + ", and is needed in CI");
  }

  /**
   * Ends the test where the running kernel lacks something, which no package brings: it is skipped,
   * with CI set too.
   */
  public static void needKernel(boolean there, String what) {
    if (!there) {
      abort("the kernel: " + what);
    }
  }

  /** Ends the test unless something is there; {@code what} says that it is not. */
  public static void need(boolean there, String what) {
    if (!there) {
      missing(what);
    }
  }

  public static void needFuse() {
    boolean there = Files.isWritable(Path.of("/dev/fuse"));
    need(there && (Tool.isThere("fusermount3") || Tool.isThere("fusermount")), "there is no FUSE");
  }

  /** For what only root may do: mounting, and drives over files. */
  public static void needRoot() {
    need(Files.isWritable(Path.of("/dev/loop-control")), "this needs root and loop devices");
  }
}
