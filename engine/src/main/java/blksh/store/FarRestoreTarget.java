package blksh.store;

import blksh.block.Extent;
import blksh.block.PageOffer;
import blksh.block.PageOffers;
import blksh.block.PageTarget;
import blksh.store.pack.Page;
import blksh.task.Task;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;

/** A drive or a file far away, to which only pages go that it does not have there already. */
final class FarRestoreTarget extends RestoreTarget {

  /** Pages that are looked at together. */
  private static final int SPAN = PageOffers.MOST / Page.SIZE;

  private final PageTarget target;
  private final boolean dryRun;

  /** What is looked at, by its first byte. */
  private final ConcurrentSkipListMap<Long, PageOffer> looks = new ConcurrentSkipListMap<>();

  /** Bytes that a dry run would write. */
  private final AtomicLong wouldWrite = new AtomicLong();

  FarRestoreTarget(PageTarget target, boolean dryRun) {
    this.target = target;
    this.dryRun = dryRun;
  }

  @Override
  int ahead() {
    return Math.max(1, target.ahead() * SPAN / Restore.SEGMENT_PAGES);
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
    long end = position + (long) Restore.SEGMENT_PAGES * Page.SIZE;
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
    int done = 0;
    while (done < length) {
      var look = looks.floorEntry(position + done);
      long start = look == null ? position + done : look.getKey();
      boolean known = look != null && position + done < start + PageOffers.MOST;
      int skipped = known ? (int) ((position + done - start) / Page.SIZE) : 0;
      int count = Math.min(length - done, PageOffers.MOST - skipped * Page.SIZE);
      int first = at + done / Page.SIZE * Page.DIGEST;
      BitSet same =
          known ? same(look.getValue(), start, skipped, count, digests, first) : new BitSet();
      write(position + done, from, offset + done, count, same, digests, first);
      done += count;
    }
  }

  private void write(
      long position, byte[] from, int offset, int length, BitSet same, byte[] digests, int first) {
    BitSet others = new BitSet();
    others.set(0, (int) Page.count(length));
    others.andNot(same);
    if (dryRun) {
      others.stream()
          .forEach(page -> wouldWrite.addAndGet(Math.min(Page.SIZE, length - page * Page.SIZE)));
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
    for (int i = 0; i < Page.count(length); i++) {
      int page = skipped + i;
      int a = first + i * Page.DIGEST;
      int b = page * Page.DIGEST;
      same.set(
          i,
          !look.isZero(page)
              && Arrays.equals(digests, a, a + Page.DIGEST, there, b, b + Page.DIGEST));
    }
    for (Extent range : look.bad()) { // what cannot be read is written anew
      int from = (int) ((range.start() - start) / Page.SIZE) - skipped;
      int to = (int) Page.count(range.end() - start) - skipped;
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
