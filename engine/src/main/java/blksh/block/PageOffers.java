package blksh.block;

import blksh.task.Task;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.List;

/**
 * A source far away that tells the digests of its pages before their bytes, so that what is known
 * already need not be moved. The other side is not trusted: whoever takes bytes checks them against
 * the digests.
 */
public interface PageOffers {

  /** Bytes of a page. */
  int PAGE = 4096;

  /** The longest offer in bytes. */
  int MOST = 64 * PAGE;

  /**
   * Has a range read and its digests told; returns at once.
   *
   * @param position byte, inside the source
   * @param length bytes, 1 to {@link #MOST}, inside the source
   */
  PageOffer offer(long position, int length);

  /** How many offers may be open at a time, so that neither side holds too much. */
  int ahead();

  /** Nobody waits for an offer any more. */
  void giveUp();

  /** Bytes that came from the other side so far, as they were moved. */
  long movedBytes();

  /** Tells an operation what is worth knowing of how it went. */
  void tell(Task task);

  /** The same of a part of the source, which begins at a byte of it. */
  default PageOffers from(long start) {
    PageOffers whole = this;
    return new PageOffers() {
      @Override
      public PageOffer offer(long position, int length) {
        return moved(whole.offer(start + position, length), -start);
      }

      @Override
      public int ahead() {
        return whole.ahead();
      }

      @Override
      public void giveUp() {
        whole.giveUp();
      }

      @Override
      public long movedBytes() {
        return whole.movedBytes();
      }

      @Override
      public void tell(Task task) {
        whole.tell(task);
      }
    };
  }

  private static PageOffer moved(PageOffer offer, long by) {
    return new PageOffer() {
      @Override
      public boolean isReady() {
        return offer.isReady();
      }

      @Override
      public void await() {
        offer.await();
      }

      @Override
      public boolean isZero(int page) {
        return offer.isZero(page);
      }

      @Override
      public byte[] digests() {
        return offer.digests();
      }

      @Override
      public List<Extent> bad() {
        return offer.bad().stream().map(range -> range.moved(by)).toList();
      }

      @Override
      public void want(BitSet pages) {
        offer.want(pages);
      }

      @Override
      public void take(ByteBuffer target) {
        offer.take(target);
      }
    };
  }
}
