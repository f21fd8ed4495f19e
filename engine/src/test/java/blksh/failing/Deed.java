package blksh.failing;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Something done with files, of which it is known at each instant what was reported as done. One is
 * made for each time it is tried, of the one that was prepared.
 */
abstract class Deed {

  static final int PAGE = 4096;

  /** Makes what must be there before; everything goes well meanwhile. */
  abstract void prepare(Path folder) throws IOException;

  /** The same once more, of a copy of what was prepared. */
  abstract Deed fresh();

  /**
   * Does it.
   *
   * @param mended tells that from now on all goes well, once something did not
   */
  abstract void run(Path folder, Runnable mended) throws IOException;

  /**
   * Checks that nothing is lost that was reported and nothing there is wrong.
   *
   * @throws AssertionError when it is not so
   */
  abstract void check(Path folder) throws IOException;

  /** Whether something went wrong that was noted, where it is not to end what was asked for. */
  String problem() {
    return "";
  }
}
