package blksh.drive.ssh;

import blksh.BlkshException;

/** A login that did not come to be, and what may be done about it. */
final class SshRefusal extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final SshFailure.Kind what;
  private final transient BlkshException told;

  SshRefusal(SshFailure.Kind what, BlkshException told) {
    super(told.getMessage(), told);
    this.what = what;
    this.told = told;
  }

  SshFailure.Kind what() {
    return what;
  }

  /** The failure for people. */
  BlkshException told() {
    return told;
  }
}
