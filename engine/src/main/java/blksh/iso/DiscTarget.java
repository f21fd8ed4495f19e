package blksh.iso;

import java.io.IOException;
import java.nio.ByteBuffer;

/** What an image is written to, from its first byte to its last without going back. */
public interface DiscTarget {

  /**
   * Takes all remaining bytes.
   *
   * @param position where they belong: right behind those before
   */
  void write(long position, ByteBuffer bytes) throws IOException;
}
