package blksh.mount.nbd;

import blksh.block.BlockSource;
import blksh.block.WritableSource;

/**
 * A source under the name clients ask for; the empty name is the default.
 *
 * @param name at most 4096 bytes in UTF-8
 * @param source may be written when it is a {@link WritableSource}; stays open when the server ends
 */
public record NbdExport(String name, BlockSource source) {

  private static final int USUAL_BLOCK = 4096;

  /**
   * Bytes that the client may ask for at least, and that all it asks for is a multiple of: sectors
   * of a drive of 4096, in which its partition table counts, so that a kernel that attaches it does
   * too. What has smaller ones can be read by the byte.
   */
  int leastBlock() {
    int sector = source.sectorSize();
    return sector < USUAL_BLOCK || source.size() % sector != 0 ? 1 : sector;
  }

  /** What the client had best ask for a multiple of. */
  int preferredBlock() {
    return Math.max(USUAL_BLOCK, leastBlock());
  }

  boolean writable() {
    return source instanceof WritableSource;
  }

  /** The transmission flags. */
  int flags() {
    int flags = NbdProtocol.FLAG_HAS_FLAGS | NbdProtocol.FLAG_CAN_MULTI_CONN;
    return writable()
        ? flags
            | NbdProtocol.FLAG_SEND_FLUSH
            | NbdProtocol.FLAG_SEND_FUA
            | NbdProtocol.FLAG_SEND_TRIM
            | NbdProtocol.FLAG_SEND_WRITE_ZEROES
        : flags | NbdProtocol.FLAG_READ_ONLY;
  }
}
