package blksh.io;

/** A type of C, as a function of a {@link NativeLibrary} takes or returns it. */
public enum NativeType {
  VOID,
  INT32,
  UINT32,
  INT64,
  UINT64,
  /** An address, zero for none. */
  POINTER
}
