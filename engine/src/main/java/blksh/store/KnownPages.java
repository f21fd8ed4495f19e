package blksh.store;

import java.io.IOException;

/** What a store has, or is about to have. */
interface KnownPages {

  /**
   * Whether a page need not be moved.
   *
   * @param digests has its digest at {@code at}
   */
  boolean has(byte[] digests, int at) throws IOException;
}
