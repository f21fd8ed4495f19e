package blksh.mount.nbd;

import java.io.IOException;

/** What came is no answer as the protocol has it: no other connection will be better. */
final class NbdGarbage extends IOException {

  private static final long serialVersionUID = 1;

  NbdGarbage(String problem) {
    super(problem);
  }
}
