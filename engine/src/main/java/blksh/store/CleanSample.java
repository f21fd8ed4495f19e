package blksh.store;

import blksh.block.BlockSource;
import blksh.block.Changes;
import blksh.block.Extent;
import blksh.io.UnreadableException;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;

/**
 * Some pages of which it is said that they have not changed, compared with what an earlier version
 * has there: a record that has lost much, or is of another disk, is found out. The beginning is
 * always among them, as there is what tells disks apart, and so is what lies beside changes, as
 * they come in heaps. Of all the others it is every so-manieth, from one version to the next
 * another one: a long stretch is found at once, and after so many captures all were compared. Zeros
 * that the source tells to be zeros are not read, nor is what is free.
 */
final class CleanSample {

  private static final int FIRST_PAGES = 16;

  /** One page of so many, up to a number of pages; and where little speaks for what is said. */
  private static final long ONE_OF = 512;

  private static final int MOST = 16 << 10;
  private static final long DENSE_ONE_OF = 192;
  private static final int DENSE_MOST = 64 << 10;

  /** Changed ranges whose neighbours are compared. */
  private static final int HEAPS = 512;

  /** Pages on their way at a time. */
  private static final int AHEAD = 64;

  private final BlockSource source;
  private final Changes changes;
  private final StoredPages before;
  private final boolean dense;
  private final MessageDigest sha = Page.sha256();
  private final PageSize pageSize;
  private final byte[] page;
  private final byte[] actual = new byte[Page.DIGEST];
  private long bytes;

  /**
   * @param dense whether more is compared, as little speaks for what is said
   */
  CleanSample(BlockSource source, Changes changes, StoredPages before, boolean dense) {
    this.source = source;
    this.changes = changes;
    this.before = before;
    this.dense = dense;
    this.pageSize = before.pageSize();
    this.page = new byte[pageSize.bytes()];
  }

  /** Bytes that were read. */
  long bytes() {
    return bytes;
  }

  /**
   * The first byte of a page that has changed, though it is said not to have; nothing when all is
   * right.
   */
  OptionalLong find(Random random) throws IOException {
    long pages = pageSize.pageOf(source.size());
    long[] chosen = choose(pages, random);
    for (int from = 0; from < chosen.length; from += AHEAD) {
      int to = Math.min(chosen.length, from + AHEAD);
      for (int i = from; i < to; i++) {
        source.expect(pageSize.at(chosen[i]), pageSize.bytes());
      }
      for (int i = from; i < to; i++) {
        // A disk in use may have changed it just now: then it is recorded by now.
        if (differs(chosen[i]) && isClean(chosen[i])) {
          return OptionalLong.of(pageSize.at(chosen[i]));
        }
      }
    }
    return OptionalLong.empty();
  }

  /** Pages that are said not to have changed and that the version has, in order. */
  private long[] choose(long pages, Random random) {
    long[] candidates = candidates(pages, random);
    long[] chosen = new long[candidates.length];
    int count = 0;
    Iterator<Extent> dirty = changes.changed(0, source.size());
    Extent next = dirty.hasNext() ? dirty.next() : null;
    Iterator<Extent> extents = source.extents();
    Extent extent = extents.hasNext() ? extents.next() : null;
    long last = -1;
    for (long candidate : candidates) {
      long start = pageSize.at(candidate);
      while (next != null && next.end() <= start) {
        next = dirty.hasNext() ? dirty.next() : null;
      }
      while (extent != null && extent.end() <= start) {
        extent = extents.hasNext() ? extents.next() : null;
      }
      boolean clean = next == null || next.start() >= start + pageSize.bytes();
      if (clean && candidate >= 0 && candidate < pages && candidate != last) {
        StoredPages.Run run = before.run(candidate, 1);
        boolean whole =
            extent != null && extent.start() <= start && extent.end() >= start + pageSize.bytes();
        // What has become free since reads as zeros, though it has not changed.
        boolean read = whole && extent.kind() != Extent.Kind.FREE;
        if (read && run.held() && !(run.zero() && extent.kind().readsAsZeros())) {
          chosen[count++] = candidate;
        }
        last = candidate;
      }
    }
    return Arrays.copyOf(chosen, count);
  }

  /** Pages at the beginning, anywhere and beside changes, in order; some may be there twice. */
  private long[] candidates(long pages, Random random) {
    List<Extent> heaps = heaps(random);
    long step =
        dense
            ? Math.max(DENSE_ONE_OF, (pages + DENSE_MOST - 1) / DENSE_MOST)
            : Math.max(ONE_OF, (pages + MOST - 1) / MOST);
    long first = before.manifest().version() % step;
    int anywhere = (int) (first < pages ? (pages - 1 - first) / step + 1 : 0);
    long[] candidates = new long[FIRST_PAGES + anywhere + 2 * heaps.size()];
    int count = 0;
    while (count < FIRST_PAGES + anywhere) {
      candidates[count] = count < FIRST_PAGES ? count : first + (count - FIRST_PAGES) * step;
      count++;
    }
    for (Extent heap : heaps) {
      candidates[count++] = pageSize.pageOf(heap.start()) - 1;
      candidates[count++] = pageSize.count(heap.end());
    }
    Arrays.sort(candidates);
    return candidates;
  }

  /** Some of the ranges that have changed, any as likely as another. */
  private List<Extent> heaps(Random random) {
    List<Extent> heaps = new ArrayList<>();
    long seen = 0;
    for (Iterator<Extent> dirty = changes.changed(0, source.size()); dirty.hasNext(); ) {
      Extent range = dirty.next();
      long place = (long) (random.nextDouble() * ++seen);
      if (heaps.size() < HEAPS) {
        heaps.add(range);
      } else if (place < HEAPS) {
        heaps.set((int) place, range);
      }
    }
    return heaps;
  }

  private boolean isClean(long number) {
    return !changes.changed(pageSize.at(number), pageSize.bytes()).hasNext();
  }

  private boolean differs(long number) throws IOException {
    try {
      if (source.read(pageSize.at(number), ByteBuffer.wrap(page)) < pageSize.bytes()) {
        return true;
      }
    } catch (UnreadableException e) {
      return false; // that is no change
    }
    bytes += pageSize.bytes();
    Told told = new Told();
    before.give(number, 1, told);
    if (told.zero) {
      return !Page.isZero(page, 0, pageSize.bytes());
    }
    Page.digest(sha, page, 0, pageSize.bytes(), actual, 0);
    return !Page.sameDigest(actual, 0, told.digest, 0);
  }

  /** What the version has in a page. */
  private static final class Told implements StoredPages.Taker {
    private boolean zero;
    private byte[] digest;

    @Override
    public void zeros(long pages) {
      zero = true;
    }

    @Override
    public void pages(long packId, int first, int count, byte[] digests) {
      digest = Arrays.copyOf(digests, Page.DIGEST);
    }
  }
}
