package blksh.store.pack;

import blksh.io.Checksum;
import blksh.io.LittleEndian;
import java.nio.ByteBuffer;

/**
 * Up to 128 KiB of pages compressed together, 32 of 4 KiB or 2 of 64, and the header that describes
 * them. The header alone is enough to find and prove every page of the frame, so a pack without a
 * footer can be read.
 *
 * <p>Layout, numbers least significant byte first:
 *
 * <pre>
 *   0  "BKFR"
 *   4  u32  number of the first page in the pack
 *   8  u16  pages, 1 to 32
 *  10  u8   codec
 *  11  u8   bits 0 to 3: how often 4096 bytes are doubled to make a whole page, 0 to 4; where that
 *           is 4, bit 4 + i: page i was dropped, and has length 0; all other bits are 0
 *  12  u32  bytes before compression
 *  16  u32  bytes stored
 *  20  u32  CRC-32C of the stored bytes
 *  24  u16  length of each page; 0 for a page dropped by compaction, and for one of 65,536 bytes
 *      32 bytes  digest of each page
 *      u32  CRC-32C of the header up to here
 * </pre>
 */
public final class Frame {

  public static final int MAX_PAGES = 32;

  /** Bytes of all its pages at most, whatever size these have. */
  public static final int MAX_RAW = 128 << 10;

  private static final int MAGIC = 0x52464B42; // "BKFR"
  private static final int FIXED = 24;

  /** Bits of byte 11 that say how large pages are. */
  private static final int SIZE_CODE = 15;

  /** The first bit of byte 11 that says of a page of 65,536 bytes that it was dropped. */
  private static final int DROPPED = 4;

  /** Bytes of the largest header. */
  static final int MAX_HEADER = headerLength(MAX_PAGES);

  /** Number of the first page in the pack. */
  final int firstPage;

  final int pages;
  final Codec codec;

  /** Of its whole pages; null when what stands there is none. */
  final PageSize pageSize;

  /** Whether only pages that are not there are said to be dropped. */
  private final boolean formSound;

  final int rawLength;
  final int storedLength;
  final int payloadChecksum;

  /**
   * Where each page begins in the raw bytes, and where the last ends; {@code pages + 1} entries.
   */
  final int[] starts;

  /** The digests, one after another. */
  final byte[] digests;

  private Frame(byte[] header, int at) {
    firstPage = LittleEndian.i32(header, at + 4);
    pages = LittleEndian.u16(header, at + 8);
    codec = Codec.ofCode(header[at + 10]);
    int form = header[at + 11] & 0xFF;
    int dropped = form >>> DROPPED;
    pageSize = PageSize.ofCode(form & SIZE_CODE);
    boolean known = dropped == 0 || pageSize == PageSize.LARGEST && dropped >>> pages == 0;
    rawLength = LittleEndian.i32(header, at + 12);
    storedLength = LittleEndian.i32(header, at + 16);
    payloadChecksum = LittleEndian.i32(header, at + 20);
    digests = new byte[pages * Page.DIGEST];
    System.arraycopy(header, at + FIXED + 2 * pages, digests, 0, digests.length);
    starts = new int[pages + 1];
    for (int i = 0; i < pages; i++) {
      int length = LittleEndian.u16(header, at + FIXED + 2 * i);
      boolean gone = i < Byte.SIZE && (dropped >>> i & 1) != 0;
      boolean full = length == 0 && pageSize == PageSize.LARGEST && !gone;
      known &= !gone || length == 0;
      starts[i + 1] = starts[i] + (full ? pageSize.bytes() : length);
    }
    formSound = known;
  }

  /** Pages of a size that a frame holds at most. */
  public static int maxPages(PageSize size) {
    return size.pageOf(MAX_RAW);
  }

  public static int headerLength(int pages) {
    return FIXED + pages * (2 + Page.DIGEST) + 4;
  }

  int headerLength() {
    return headerLength(pages);
  }

  /** Length of a page in bytes, 0 when it was dropped. @param i its place in the frame */
  int pageLength(int i) {
    return starts[i + 1] - starts[i];
  }

  /**
   * Reads the header at {@code at}; null when the bytes are not a whole, sound header.
   *
   * @param limit first byte of {@code bytes} not to be looked at
   */
  static Frame parse(byte[] bytes, int at, int limit) {
    if (limit - at < headerLength(1) || LittleEndian.i32(bytes, at) != MAGIC) {
      return null;
    }
    int pages = LittleEndian.u16(bytes, at + 8);
    if (pages < 1 || pages > MAX_PAGES || limit - at < headerLength(pages)) {
      return null;
    }
    int sealed = headerLength(pages) - 4;
    if (LittleEndian.i32(bytes, at + sealed) != Checksum.of(bytes, at, sealed)) {
      return null;
    }
    Frame frame = new Frame(bytes, at);
    boolean sane =
        frame.codec != null
            && frame.pageSize != null
            && frame.formSound
            && pages <= maxPages(frame.pageSize)
            && frame.firstPage >= 0
            && frame.firstPage + pages <= Pack.MAX_PAGES
            && frame.rawLength == frame.starts[pages]
            && frame.rawLength <= MAX_RAW
            && frame.storedLength >= 0
            && frame.storedLength <= frame.rawLength;
    for (int i = 0; sane && i < pages; i++) {
      sane = frame.pageLength(i) <= frame.pageSize.bytes();
    }
    return sane ? frame : null;
  }

  /**
   * Compresses pages into a whole frame, header first.
   *
   * @param raw a direct buffer with the pages' bytes, one after another from {@code rawAt}; all but
   *     the last are whole
   * @param digests their digests, one after another
   * @param to a direct buffer that receives the frame at its position, which then is past it; has
   *     room for its header and {@code rawLength} bytes
   */
  public static void write(
      CodecChoice.Compressor compressor,
      PageSize pageSize,
      int firstPage,
      int pages,
      ByteBuffer raw,
      int rawAt,
      int rawLength,
      byte[] digests,
      int digestsAt,
      ByteBuffer to) {
    int[] starts = new int[pages + 1];
    for (int i = 0; i < pages; i++) {
      starts[i + 1] = Math.min(rawLength, pageSize.at(i + 1));
    }
    write(compressor, pageSize, firstPage, starts, raw, rawAt, digests, digestsAt, to);
  }

  /**
   * As the other, of pages of any lengths.
   *
   * @param starts where each page begins in the raw bytes, and where the last ends; a page of no
   *     bytes is dropped
   */
  static void write(
      CodecChoice.Compressor compressor,
      PageSize pageSize,
      int firstPage,
      int[] starts,
      ByteBuffer raw,
      int rawAt,
      byte[] digests,
      int digestsAt,
      ByteBuffer to) {
    int pages = starts.length - 1;
    int rawLength = starts[pages];
    int header = headerLength(pages);
    int payload = to.position() + header;
    int stored =
        rawLength == 0
            ? -1
            : compressor.compress(raw, rawAt, rawLength, to, payload, rawLength - 1);
    Codec used = stored < 0 ? Codec.RAW : compressor.codec();
    if (stored < 0) {
      stored = rawLength;
      to.put(payload, raw, rawAt, rawLength);
    }
    byte[] head = new byte[header];
    LittleEndian.putI32(head, 0, MAGIC);
    LittleEndian.putI32(head, 4, firstPage);
    LittleEndian.putU16(head, 8, pages);
    head[10] = (byte) used.ordinal();
    head[11] = (byte) pageSize.code();
    LittleEndian.putI32(head, 12, rawLength);
    LittleEndian.putI32(head, 16, stored);
    LittleEndian.putI32(head, 20, Checksum.of(to.slice(payload, stored)));
    System.arraycopy(digests, digestsAt, head, FIXED + 2 * pages, pages * Page.DIGEST);
    for (int i = 0; i < pages; i++) {
      int length = starts[i + 1] - starts[i];
      LittleEndian.putU16(head, FIXED + 2 * i, length);
      if (length == 0 && pageSize == PageSize.LARGEST) {
        head[11] |= (byte) (1 << DROPPED + i); // a whole page has a 0 there too
      }
    }
    LittleEndian.putI32(head, header - 4, Checksum.of(head, 0, header - 4));
    to.put(head).position(payload + stored);
  }
}
