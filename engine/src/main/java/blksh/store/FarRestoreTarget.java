package blksh.store;

import blksh.block.Extent;
import blksh.block.PageOffer;
import blksh.block.PageOffers;
import blksh.block.PageTarget;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
import blksh.task.Task;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;

/** A drive or a file far away, to which only pages go that it does not have there already. */
final class FarRestoreTarget extends RestoreTarget {

  /** Of which the other machine makes digests. */
  private static final PageSize LOOKED_AT = PageSize.USUAL;

  private final PageTarget target;
  private final PageSize pageSize;
  private final boolean dryRun;

  /** What is looked at, by its first byte. */
  private final ConcurrentSkipListMap<Long, PageOffer> looks = new ConcurrentSkipListMap<>();

  /** Bytes that a dry run would write. */
  private final AtomicLong wouldWrite = new AtomicLong();

  /**
   * @param pageSize of the store it is restored from
   */
  FarRestoreTarget(PageTarget target, PageSize pageSize, boolean dryRun) {
    this.target = target;
    this.pageSize = pageSize;
    this.dryRun = dryRun;
  }

  @Override
  int ahead() {
    return Math.max(1, target.ahead() * PageOffers.MOST / Restore.SEGMENT);
  }

  @Override
  void announce(long position, long length) {
    for (long done = 0; done < length; done += PageOffers.MOST) {
      long at = position + done;
      Optional<PageOffer> look = target.look(at, (int) Math.min(PageOffers.MOST, length - done));
      look.ifPresent(found -> looks.put(at, found));
    }
  }

  @Override
  void written(long position) {
    long end = position + Restore.SEGMENT;
    var done = looks.subMap(position, end);
    done.values().forEach(FarRestoreTarget::end);
    done.clear();
  }

  private static void end(PageOffer look) {
    look.await();
    look.want(new BitSet());
  }

  @Override
  void write(long position, byte[] from, int offset, int length) {
    throw new IllegalStateException("pages are written with their digests");
  }

  @Override
  void write(long position, byte[] from, int offset, int length, byte[] digests, int at) {
    if (pageSize == LOOKED_AT) {
      writeLookedAt(position, from, offset, length, digests, at);
    } else {
      writeParts(position, from, offset, length);
    }
  }

  /** By the smaller pages of the other side: what is zeros among them is so as anywhere else. */
  private void writeParts(long position, byte[] from, int offset, int length) {
    int at = 0;
    while (at < length) {
      boolean zeros = isZero(from, offset, length, at);
      int end = at;
      while (end < length && isZero(from, offset, length, end) == zeros) {
        end = Math.min(length, end + LOOKED_AT.bytes());
      }
      if (zeros) {
        zeros(position + at, end - at);
      } else {
        byte[] digests = digestsLikeThere(from, offset + at, end - at);
        writeLookedAt(position + at, from, offset + at, end - at, digests, 0);
      }
      at = end;
    }
  }

  private static boolean isZero(byte[] from, int offset, int length, int at) {
    return Page.isZero(from, offset + at, Math.min(LOOKED_AT.bytes(), length - at));
  }

  /** The digests of smaller pages than those of the store. */
  private static byte[] digestsLikeThere(byte[] from, int offset, int length) {
    MessageDigest sha = Page.sha256();
    byte[] digests = new byte[(int) LOOKED_AT.count(length) * Page.DIGEST];
    for (int page = 0; page < LOOKED_AT.count(length); page++) {
      int start = offset + LOOKED_AT.at(page);
      int count = LOOKED_AT.lengthOf(page, length);
      Page.digest(sha, from, start, count, digests, page * Page.DIGEST);
    }
    return digests;
  }

  private void writeLookedAt(
      long position, byte[] from, int offset, int length, byte[] digests, int at) {
    int done = 0;
    while (done < length) {
      var look = looks.floorEntry(position + done);
      long start = look == null ? position + done : look.getKey();
      boolean known = look != null && position + done < start + PageOffers.MOST;
      int skipped = known ? (int) LOOKED_AT.pageOf(position + done - start) : 0;
      int count = Math.min(length - done, PageOffers.MOST - LOOKED_AT.at(skipped));
      int first = at + LOOKED_AT.pageOf(done) * Page.DIGEST;
      BitSet same =
          known ? same(look.getValue(), start, skipped, count, digests, first) : new BitSet();
      write(position + done, from, offset + done, count, same, digests, first);
      done += count;
    }
  }

  private void write(
      long position, byte[] from, int offset, int length, BitSet same, byte[] digests, int first) {
    BitSet others = new BitSet();
    others.set(0, (int) LOOKED_AT.count(length));
    others.andNot(same);
    if (dryRun) {
      others.stream()
          .forEach(
              page ->
                  wouldWrite.addAndGet(Math.min(LOOKED_AT.bytes(), length - LOOKED_AT.at(page))));
      return;
    }
    if (!same.isEmpty()) {
      target.keep(position, length, same, digests, first);
    }
    if (!others.isEmpty()) {
      target.write(position, from, offset, length, others);
    }
  }

  /** Which pages are there as they are to be. */
  private static BitSet same(
      PageOffer look, long start, int skipped, int length, byte[] digests, int first) {
    look.await();
    byte[] there = look.digests();
    BitSet same = new BitSet();
    for (int i = 0; i < LOOKED_AT.count(length); i++) {
      int page = skipped + i;
      int a = first + i * Page.DIGEST;
      int b = page * Page.DIGEST;
      same.set(
          i,
          !look.isZero(page)
              && Arrays.equals(digests, a, a + Page.DIGEST, there, b, b + Page.DIGEST));
    }
    for (Extent range : look.bad()) { // what cannot be read is written anew
      int from = (int) LOOKED_AT.pageOf(range.start() - start) - skipped;
      int to = (int) LOOKED_AT.count(range.end() - start) - skipped;
      same.clear(Math.max(0, from), Math.max(0, to));
    }
    return same;
  }

  @Override
  void reached(long position) {
    target.reached(position);
  }

  @Override
  void zeros(long position, long length) {
    target.zeros(position, length);
  }

  @Override
  boolean mayKeep(Extent.Kind kind) {
    return target.isDevice() ? isUnneeded(kind) : kind == Extent.Kind.BAD && target.isInPlace();
  }

  @Override
  void finish() {
    throw new IllegalStateException("it may have to be written once more");
  }

  @Override
  Optional<Extent> finishes() {
    Optional<Extent> again = target.finish();
    if (again.isEmpty()) {
      count(target.writtenBytes() + wouldWrite.get());
    }
    return again;
  }

  @Override
  long movedBytes() {
    return target.movedBytes();
  }

  @Override
  void tell(Task task) {
    target.notKept().forEach(task::note);
    target.tell(task);
  }

  @Override
  public void close() {
    target.close();
  }

  @Override
  Optional<String> left() {
    return target.left();
  }
}
