package blksh.mount.fuse;

/** An answer that is an error number. */
final class Refusal extends Exception {

  private static final long serialVersionUID = 1;

  private final int code;

  /**
   * @param code an error number above zero
   */
  Refusal(int code) {
    super(null, null, false, false);
    this.code = code;
  }

  int code() {
    return code;
  }
}
