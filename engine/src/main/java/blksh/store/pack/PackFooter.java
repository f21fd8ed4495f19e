package blksh.store.pack;

import blksh.io.Checksum;
import blksh.io.LittleEndian;
import blksh.store.shelf.Blob;
import java.io.IOException;
import java.util.Arrays;

/**
 * Where the frames of a pack are and which pages they hold. It stands at the end of a sealed pack
 * and repeats what the frame headers say, so that either can be lost.
 *
 * <pre>
 *   frame table    one entry of 24 bytes a frame, by first page:
 *                  u32 offset in the pack, u32 stored bytes, u32 raw bytes, u32 first page,
 *                  u16 pages, u8 codec, u8 flags (1: some page is not whole, see the header),
 *                  u32 CRC-32C of the stored bytes
 *   digests        32 bytes a page, by page number; zeros for a number without a page
 *   checksums      u32 a block of 128 digests
 *   trailer        64 bytes:
 *       0  "BKPACKND"          8  u64 pack id        16  u32 frames      20  u32 page numbers used
 *      24  u64 offset of the frame table             32  u64 raw bytes of all pages
 *      40  u32 CRC-32C of the frame table            44  u32 CRC-32C of the checksums
 *      48  12 zero bytes                             60  u32 CRC-32C of the trailer up to here
 * </pre>
 */
final class PackFooter {

  static final int ENTRY = 24;
  static final int TRAILER = 64;
  static final int DIGEST_BLOCK = 128;
  private static final int IRREGULAR = 1;
  private static final long MAGIC = 0x444E4B4341504B42L; // "BKPACKND"

  /** Of its whole pages. */
  private final PageSize pageSize;

  /** Frames of the pack. */
  private int frames;

  /** One past the highest page number. */
  private int pages;

  private long packId;
  private long rawBytes;
  private byte[] table = new byte[64 * ENTRY];

  /** Offset of the digests in the sealed pack; -1 while there is none. */
  private long digestsAt = -1;

  private int[] digestChecksums = {};

  PackFooter(PageSize pageSize) {
    this.pageSize = pageSize;
  }

  PageSize pageSize() {
    return pageSize;
  }

  int frames() {
    return frames;
  }

  int pages() {
    return pages;
  }

  long rawBytes() {
    return rawBytes;
  }

  /** Notes a frame that stands at {@code offset}. */
  void add(Frame frame, long offset) {
    if ((frames + 1) * ENTRY > table.length) {
      table = Arrays.copyOf(table, table.length * 2);
    }
    int at = frames * ENTRY;
    LittleEndian.putI32(table, at, (int) offset);
    LittleEndian.putI32(table, at + 4, frame.storedLength);
    LittleEndian.putI32(table, at + 8, frame.rawLength);
    LittleEndian.putI32(table, at + 12, frame.firstPage);
    LittleEndian.putU16(table, at + 16, frame.pages);
    table[at + 18] = (byte) frame.codec.ordinal();
    table[at + 19] = (byte) (frame.rawLength == frame.pageSize.at(frame.pages) ? 0 : IRREGULAR);
    LittleEndian.putI32(table, at + 20, frame.payloadChecksum);
    frames++;
    pages = Math.max(pages, frame.firstPage + frame.pages);
    rawBytes += frame.rawLength;
  }

  /** Notes a frame as another footer has it, standing elsewhere. */
  void copy(PackFooter from, int frame, long offset) {
    if ((frames + 1) * ENTRY > table.length) {
      table = Arrays.copyOf(table, table.length * 2);
    }
    int at = frames * ENTRY;
    System.arraycopy(from.table, frame * ENTRY, table, at, ENTRY);
    LittleEndian.putI32(table, at, (int) offset);
    pages = Math.max(pages, from.firstPage(frame) + from.pagesIn(frame));
    rawBytes += from.rawLength(frame);
    frames++;
  }

  /** Counts page numbers up to {@code count} as used. */
  void usePages(int count) {
    pages = Math.max(pages, count);
  }

  long offset(int frame) {
    return LittleEndian.i32(table, frame * ENTRY) & 0xFFFFFFFFL;
  }

  int storedLength(int frame) {
    return LittleEndian.i32(table, frame * ENTRY + 4);
  }

  int rawLength(int frame) {
    return LittleEndian.i32(table, frame * ENTRY + 8);
  }

  int firstPage(int frame) {
    return LittleEndian.i32(table, frame * ENTRY + 12);
  }

  int pagesIn(int frame) {
    return LittleEndian.u16(table, frame * ENTRY + 16);
  }

  Codec codec(int frame) {
    return Codec.ofCode(table[frame * ENTRY + 18]);
  }

  /** Whether every page of the frame is whole, so that its header is not needed. */
  boolean regular(int frame) {
    return (table[frame * ENTRY + 19] & IRREGULAR) == 0;
  }

  /** Whether a frame has dropped none of its pages, as far as their bytes tell. */
  boolean hasAll(int frame) {
    return pageSize.count(rawLength(frame)) == pagesIn(frame);
  }

  int payloadChecksum(int frame) {
    return LittleEndian.i32(table, frame * ENTRY + 20);
  }

  /** The frame that holds a page number, or -1. */
  int frameOf(int page) {
    if (page < 0 || page >= pages) {
      return -1;
    }
    // Frames have much the same number of pages: it is near where it would be if all had.
    int low = (int) ((long) page * frames / pages);
    int step = 1;
    while (low > 0 && firstPage(low) > page) {
      low = Math.max(0, low - step);
      step *= 2;
    }
    int high = low;
    while (high < frames && firstPage(high) <= page) {
      low = high;
      high += step;
      step *= 2;
    }
    high = Math.min(high, frames - 1);
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int first = firstPage(middle);
      if (page < first) {
        high = middle - 1;
      } else if (page >= first + pagesIn(middle)) {
        low = middle + 1;
      } else {
        return middle;
      }
    }
    return -1;
  }

  /** The footer as bytes, to stand at {@code offset} of the pack. */
  byte[] encode(long packId, long offset, byte[] digests) {
    int tableLength = frames * ENTRY;
    int digestLength = pages * Page.DIGEST;
    int blocks = (pages + DIGEST_BLOCK - 1) / DIGEST_BLOCK;
    byte[] out = new byte[tableLength + digestLength + blocks * 4 + TRAILER];
    System.arraycopy(table, 0, out, 0, tableLength);
    System.arraycopy(digests, 0, out, tableLength, digestLength);
    int sums = tableLength + digestLength;
    for (int i = 0; i < blocks; i++) {
      int from = i * DIGEST_BLOCK * Page.DIGEST;
      int length = Math.min(DIGEST_BLOCK * Page.DIGEST, digestLength - from);
      LittleEndian.putI32(out, sums + 4 * i, Checksum.of(digests, from, length));
    }
    int at = sums + 4 * blocks;
    LittleEndian.putI64(out, at, MAGIC);
    LittleEndian.putI64(out, at + 8, packId);
    LittleEndian.putI32(out, at + 16, frames);
    LittleEndian.putI32(out, at + 20, pages);
    LittleEndian.putI64(out, at + 24, offset);
    LittleEndian.putI64(out, at + 32, rawBytes);
    LittleEndian.putI32(out, at + 40, Checksum.of(out, 0, tableLength));
    LittleEndian.putI32(out, at + 44, Checksum.of(out, sums, 4 * blocks));
    LittleEndian.putI32(out, at + 60, Checksum.of(out, at, 60));
    return out;
  }

  /** The pack a footer that was read says it is of. */
  long packId() {
    return packId;
  }

  /** Reads the footer of a pack, or returns null when it is not whole and sound. */
  static PackFooter read(Blob file, PageSize pageSize) throws IOException {
    long size = file.size();
    if (size < Pack.HEADER + TRAILER) {
      return null;
    }
    byte[] trailer = file.read(size - TRAILER, TRAILER);
    int frames = LittleEndian.i32(trailer, 16);
    int pages = LittleEndian.i32(trailer, 20);
    long tableAt = LittleEndian.i64(trailer, 24);
    if (LittleEndian.i64(trailer, 0) != MAGIC
        || LittleEndian.i32(trailer, 60) != Checksum.of(trailer, 0, 60)
        || frames < 0
        || pages < 0
        || pages > Pack.MAX_PAGES
        || frames > pages) {
      return null;
    }
    int tableLength = frames * ENTRY;
    long digestsAt = tableAt + tableLength;
    long sumsAt = digestsAt + (long) pages * Page.DIGEST;
    int blocks = (pages + DIGEST_BLOCK - 1) / DIGEST_BLOCK;
    if (tableAt < Pack.HEADER || sumsAt + 4L * blocks != size - TRAILER) {
      return null;
    }
    byte[] table = file.read(tableAt, tableLength);
    byte[] sums = file.read(sumsAt, 4 * blocks);
    if (LittleEndian.i32(trailer, 40) != Checksum.of(table, 0, tableLength)
        || LittleEndian.i32(trailer, 44) != Checksum.of(sums, 0, sums.length)) {
      return null;
    }
    PackFooter footer = new PackFooter(pageSize);
    footer.frames = frames;
    footer.pages = pages;
    footer.packId = LittleEndian.i64(trailer, 8);
    footer.rawBytes = LittleEndian.i64(trailer, 32);
    footer.table = table;
    footer.digestsAt = digestsAt;
    footer.digestChecksums = new int[blocks];
    for (int i = 0; i < blocks; i++) {
      footer.digestChecksums[i] = LittleEndian.i32(sums, 4 * i);
    }
    return footer.sane(tableAt) ? footer : null;
  }

  private boolean sane(long tableAt) {
    long end = Pack.HEADER;
    int nextPage = 0;
    for (int i = 0; i < frames; i++) {
      if (offset(i) < end
          || codec(i) == null
          || pagesIn(i) < 1
          || pagesIn(i) > Frame.maxPages(pageSize)
          || firstPage(i) < nextPage
          || storedLength(i) < 0
          || rawLength(i) < storedLength(i)
          || rawLength(i) > Frame.MAX_RAW) {
        return false;
      }
      nextPage = firstPage(i) + pagesIn(i);
      end = offset(i) + Frame.headerLength(pagesIn(i)) + storedLength(i);
    }
    return end <= tableAt && nextPage <= pages;
  }

  int digestBlocks() {
    return digestChecksums.length;
  }

  /**
   * The digests of block {@code block}, 128 pages or fewer at the end; null when they are damaged
   * or there are none.
   */
  byte[] digestBlock(Blob file, int block) throws IOException {
    if (digestsAt < 0 || block >= digestChecksums.length) {
      return null;
    }
    long from = (long) block * DIGEST_BLOCK * Page.DIGEST;
    int length = (int) Math.min(DIGEST_BLOCK * Page.DIGEST, (long) pages * Page.DIGEST - from);
    byte[] digests = file.read(digestsAt + from, length);
    boolean sound = Checksum.of(digests, 0, length) == digestChecksums[block];
    if (!sound && file.forget()) {
      digests = file.read(digestsAt + from, length);
      sound = Checksum.of(digests, 0, length) == digestChecksums[block];
    }
    return sound ? digests : null;
  }

  /** Offset in the pack of a block of digests. */
  long digestBlockOffset(int block) {
    return digestsAt + (long) block * DIGEST_BLOCK * Page.DIGEST;
  }
}
