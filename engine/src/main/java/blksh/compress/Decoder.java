package blksh.compress;

import java.io.Closeable;
import java.io.IOException;

/** One pass through a compressed stream, from a checkpoint on. Used by one thread at a time. */
interface Decoder extends Closeable {

  /**
   * Decodes the bytes that come next.
   *
   * @param length more than 0
   * @return bytes decoded, at least 1; -1 at the end, once the stream has proven itself by whatever
   *     checksums it carries
   * @throws StreamDamage when the very next byte cannot be decoded
   */
  int decode(byte[] target, int offset, int length) throws IOException;

  /** Lets go of the memory held; never of the source read from. */
  @Override
  void close();
}
