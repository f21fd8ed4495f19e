package blksh.tree;

import blksh.io.DirectBuffer;
import blksh.io.DirectoryHandle;
import blksh.io.EntryFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The file that says of a directory that it is a cache (bford.info/cachedir). */
final class CacheTag {

  private CacheTag() {}

  /** Whether a regular file begins with some bytes. */
  static boolean begins(DirectoryHandle directory, byte[] name, byte[] bytes) throws IOException {
    if (!directory.status(name).isRegular()) {
      return false;
    }
    try (EntryFile file = directory.open(name);
        DirectBuffer memory = DirectBuffer.borrow(bytes.length)) {
      ByteBuffer read = memory.bytes();
      file.read(0, read);
      return read.flip().equals(ByteBuffer.wrap(bytes));
    }
  }
}
