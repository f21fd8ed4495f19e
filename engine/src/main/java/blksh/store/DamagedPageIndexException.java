package blksh.store;

import java.io.IOException;

/** The page index is there, and not as it was written. */
final class DamagedPageIndexException extends IOException {
  DamagedPageIndexException() {
    super("its header is damaged");
  }
}
