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
