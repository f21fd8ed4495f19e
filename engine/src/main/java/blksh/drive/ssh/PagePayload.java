package blksh.drive.ssh;

import blksh.block.PageOffers;
import java.nio.ByteBuffer;
import java.util.BitSet;

/** What is sent of some pages of a span: where they are, which, and their bytes or digests. */
final class PagePayload {

  private static final int DIGEST = 32;
  private static final int PLACE = Long.BYTES + Integer.BYTES;

  private PagePayload() {}

  /**
   * Of a WRITE.
   *
   * @param position byte of the first page
   * @param offset of the first page in the bytes
   * @param length bytes from the first page to the end of the last
   * @param pages those that are sent, by their number from the first
   * @param levels pack them
   */
  static byte[] write(
      long position, byte[] from, int offset, int length, BitSet pages, PackLevels levels) {
    byte[] raw = new byte[pages.stream().map(page -> pageLength(length, page)).sum()];
    int at = 0;
    for (int i = pages.nextSetBit(0); i >= 0; i = pages.nextSetBit(i + 1)) {
      int count = pageLength(length, i);
      System.arraycopy(from, offset + i * PageOffers.PAGE, raw, at, count);
      at += count;
    }
    PackLevels.Packing packing = levels.pack(raw);
    byte[] mask = pages.toByteArray();
    return ByteBuffer.allocate(PLACE + 1 + Short.BYTES + mask.length + packing.bytes().length)
        .putLong(position)
        .putInt(length)
        .put((byte) packing.codec())
        .putShort((short) mask.length)
        .put(mask)
        .put(packing.bytes())
        .array();
  }

  /**
   * Of a KEEP.
   *
   * @param digests SHA-256 of each page from the first on
   * @param at where the first is in it
   */
  static byte[] keep(long position, int length, BitSet pages, byte[] digests, int at) {
    byte[] mask = pages.toByteArray();
    ByteBuffer payload =
        ByteBuffer.allocate(PLACE + Short.BYTES + mask.length + DIGEST * pages.cardinality())
            .putLong(position)
            .putInt(length)
            .putShort((short) mask.length)
            .put(mask);
    pages.stream().forEach(page -> payload.put(digests, at + page * DIGEST, DIGEST));
    return payload.array();
  }

  private static int pageLength(int length, int page) {
    return Math.min(PageOffers.PAGE, length - page * PageOffers.PAGE);
  }
}
