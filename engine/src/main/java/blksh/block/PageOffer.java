package blksh.block;

import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.List;

/**
 * The digests of some pages of a source, whose bytes are to be had for the asking. Pages are of
 * {@link PageOffers#PAGE} bytes from the first byte of the offer on; the last may be shorter.
 */
public interface PageOffer {

  /** Whether the digests are there: {@link #await} would not wait. */
  boolean isReady();

  /** Waits for the digests. */
  void await();

  /** Whether a page is of zeros alone; its digest means nothing then. */
  boolean isZero(int page);

  /** SHA-256 of each page, one after the other, as the other side tells them. */
  byte[] digests();

  /**
   * What could not be read, in bytes of the source and in order; those bytes are zeros in the pages
   * that have them.
   */
  List<Extent> bad();

  /**
   * Says which pages are wanted; once, when the digests are there.
   *
   * @param pages by their number in the offer; none of zeros alone
   */
  void want(BitSet pages);

  /**
   * Waits for the wanted pages. Digests and what else is known of a page may have changed when it
   * returns: what is told then belongs to these bytes.
   *
   * @param target each wanted page is put at its place from index 0 on; the rest is left
   */
  void take(ByteBuffer target);
}
