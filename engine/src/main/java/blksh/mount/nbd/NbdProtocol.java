package blksh.mount.nbd;

/**
 * Numbers of the network block device protocol, named as in its specification (doc/proto.md of the
 * NetworkBlockDevice project). All integers are big-endian.
 */
final class NbdProtocol {

  static final long NBDMAGIC = 0x4e42444d41474943L;
  static final long IHAVEOPT = 0x49484156454f5054L;
  static final long OPTION_REPLY_MAGIC = 0x3e889045565a9L;
  static final int REQUEST_MAGIC = 0x25609513;
  static final int SIMPLE_REPLY_MAGIC = 0x67446698;
  static final int STRUCTURED_REPLY_MAGIC = 0x668e33ef;

  /** Handshake flags. */
  static final int FLAG_FIXED_NEWSTYLE = 1;

  static final int FLAG_NO_ZEROES = 2;

  /** Options. */
  static final int OPT_EXPORT_NAME = 1;

  static final int OPT_ABORT = 2;
  static final int OPT_LIST = 3;
  static final int OPT_STARTTLS = 5;
  static final int OPT_INFO = 6;
  static final int OPT_GO = 7;
  static final int OPT_STRUCTURED_REPLY = 8;
  static final int OPT_LIST_META_CONTEXT = 9;
  static final int OPT_SET_META_CONTEXT = 10;

  /** Replies to options. */
  static final int REP_ACK = 1;

  static final int REP_SERVER = 2;
  static final int REP_INFO = 3;
  static final int REP_META_CONTEXT = 4;
  static final int REP_ERR_UNSUP = 1 << 31 | 1;
  static final int REP_ERR_POLICY = 1 << 31 | 2;
  static final int REP_ERR_INVALID = 1 << 31 | 3;
  static final int REP_ERR_TLS_REQD = 1 << 31 | 5;
  static final int REP_ERR_UNKNOWN = 1 << 31 | 6;
  static final int REP_ERR_SHUTDOWN = 1 << 31 | 7;
  static final int REP_ERR_TOO_BIG = 1 << 31 | 9;

  /** Information about an export. */
  static final int INFO_EXPORT = 0;

  static final int INFO_NAME = 1;
  static final int INFO_DESCRIPTION = 2;
  static final int INFO_BLOCK_SIZE = 3;

  /** Transmission flags. */
  static final int FLAG_HAS_FLAGS = 1;

  static final int FLAG_READ_ONLY = 1 << 1;
  static final int FLAG_SEND_FLUSH = 1 << 2;
  static final int FLAG_SEND_FUA = 1 << 3;
  static final int FLAG_SEND_TRIM = 1 << 5;
  static final int FLAG_SEND_WRITE_ZEROES = 1 << 6;
  static final int FLAG_CAN_MULTI_CONN = 1 << 8;
  static final int FLAG_SEND_CACHE = 1 << 10;

  /** Commands. */
  static final int CMD_READ = 0;

  static final int CMD_WRITE = 1;
  static final int CMD_DISC = 2;
  static final int CMD_FLUSH = 3;
  static final int CMD_TRIM = 4;
  static final int CMD_CACHE = 5;
  static final int CMD_WRITE_ZEROES = 6;
  static final int CMD_BLOCK_STATUS = 7;

  /** Command flags. */
  static final int CMD_FLAG_FUA = 1;

  static final int CMD_FLAG_NO_HOLE = 1 << 1;
  static final int CMD_FLAG_REQ_ONE = 1 << 3;

  /** Flags and types of structured replies. */
  static final int REPLY_FLAG_DONE = 1;

  static final int REPLY_TYPE_NONE = 0;
  static final int REPLY_TYPE_OFFSET_DATA = 1;
  static final int REPLY_TYPE_OFFSET_HOLE = 2;
  static final int REPLY_TYPE_BLOCK_STATUS = 5;

  /** All types of errors have this bit. */
  static final int REPLY_TYPE_ERRORS = 1 << 15;

  static final int REPLY_TYPE_ERROR = 1 << 15 | 1;
  static final int REPLY_TYPE_ERROR_OFFSET = 1 << 15 | 2;

  /** Error numbers, which are those of Linux. */
  static final int EPERM = 1;

  static final int EIO = 5;
  static final int ENOMEM = 12;
  static final int EINVAL = 22;
  static final int ENOSPC = 28;
  static final int EOVERFLOW = 75;
  static final int ESHUTDOWN = 108;

  /** The metadata context of holes, the only one served, and what it says of a range. */
  static final String BASE_ALLOCATION = "base:allocation";

  static final int BASE_ALLOCATION_ID = 1;
  static final int STATE_HOLE = 1;
  static final int STATE_ZERO = 1 << 1;

  /** Contexts of QEMU (docs/interop/nbd.txt there): a bitmap of what was written, by its name. */
  static final String DIRTY_BITMAP = "qemu:dirty-bitmap:";

  static final int STATE_DIRTY = 1;

  /** The port of a server. */
  static final int PORT = 10809;

  /** Bytes of the largest request. */
  static final int LARGEST_REQUEST = 32 << 20;

  /** Bytes of the longest name. */
  static final int LONGEST_NAME = 4096;

  private NbdProtocol() {}
}
