package blksh.iso;

/** File entries of UDF (ECMA-167, 4/14.9), each with the pieces its content lies in. */
final class UdfEntry {

  /** The longest piece, in bytes: whole blocks below 1 GiB (ECMA-167, 4/14.14.1.1). */
  static final int LONGEST_PIECE = 0x3FFFF800;

  private UdfEntry() {}
}
