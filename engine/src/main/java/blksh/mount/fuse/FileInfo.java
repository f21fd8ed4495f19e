package blksh.mount.fuse;

import jnr.ffi.Pointer;

/** What the kernel and a file system tell each other of an open file: struct fuse_file_info. */
final class FileInfo {

  private static final int FLAGS = 0;
  private static final int BITS = 20;
  private static final int HANDLE = 24;

  private static final int O_ACCMODE = 3;
  private static final byte DIRECT_IO = 1;
  private static final byte KEEP_CACHE = 2;

  private FileInfo() {}

  /** Whether it is opened to be written. */
  static boolean writes(Pointer info) {
    return (info.getInt(FLAGS) & O_ACCMODE) != 0;
  }

  static long handle(Pointer info) {
    return info.getLong(HANDLE);
  }

  static void setHandle(Pointer info, long handle) {
    info.putLong(HANDLE, handle);
  }

  /** Tells the kernel to go past its page cache, or else to keep there what it knows. */
  static void setDirectIo(Pointer info, boolean directIo) {
    info.putByte(BITS, directIo ? DIRECT_IO : KEEP_CACHE);
  }
}
