package blksh.store;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.io.UnreadableException;
import blksh.store.pack.FrameCache;
import blksh.store.pack.Page;
import blksh.store.pack.PageReader;
import blksh.store.pack.PageSize;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where a repair takes pages from, by their digests: from stores, and from a source at the places
 * where a version is damaged. Each page is hashed before it is given, whatever it comes from. Used
 * by one thread at a time.
 */
final class SoundPages implements Closeable {

  /** Damaged pages that are looked for in a source at most, about 100 bytes each in memory. */
  private static final int MOST = 1 << 19;

  /** Of the store that is repaired. */
  private final PageSize pageSize;

  private final List<PageReader> stores = new ArrayList<>();
  private final List<Offer> offers = new ArrayList<>();
  private final MessageDigest sha = Page.sha256();
  private final byte[] found = new byte[Page.DIGEST];

  /** A source, and where in it the pages of digests were. */
  private record Offer(BlockSource source, Map<ByteBuffer, Long> places) {}

  SoundPages(PageSize pageSize) {
    this.pageSize = pageSize;
  }

  /**
   * Refuses stores whose pages cannot be the same as those of the store that is repaired.
   *
   * @param pageSize of that
   */
  static void mustHavePages(List<Repository> stores, PageSize pageSize) {
    for (Repository store : stores) {
      if (store.pageSize() != pageSize) {
        throw new BlkshException(
                "take pages from store " + store.place(),
                "they have %s bytes there and %s here".formatted(store.pageSize(), pageSize))
            .suggest("copy the versions that were damaged back from it, and repair without it");
      }
    }
  }

  /** Has pages of the same size come from a store, wherever they are in it. */
  SoundPages from(Repository store) {
    stores.add(store.pages(new FrameCache(0), new FrameCache.Owner()));
    return this;
  }

  /**
   * Has pages come from a source, which is read at some of its places for that.
   *
   * @param ranges bytes of it; what lies beyond its end, or cannot be read, is passed over
   */
  SoundPages from(BlockSource source, List<AffectedRange> ranges) {
    Map<ByteBuffer, Long> places = new HashMap<>();
    byte[] page = new byte[pageSize.bytes()];
    for (AffectedRange range : ranges) {
      long end = Math.min(source.size(), range.start() + range.length());
      for (long at = pageSize.down(range.start());
          at < end && places.size() < MOST;
          at += pageSize.bytes()) {
        int length = read(source, at, page, 0);
        if (length > 0) {
          Page.digest(sha, page, 0, length, found, 0);
          places.putIfAbsent(ByteBuffer.wrap(found.clone()), at);
        }
      }
    }
    offers.add(new Offer(source, places));
    return this;
  }

  private int read(BlockSource source, long at, byte[] to, int offset) {
    int length = (int) Math.min(pageSize.bytes(), source.size() - at);
    try {
      return source.read(at, ByteBuffer.wrap(to, offset, length)) == length ? length : -1;
    } catch (UnreadableException e) {
      return -1;
    }
  }

  /**
   * Copies a page that has a digest.
   *
   * @return bytes copied, 1 to those of a whole page; -1 when there is none
   */
  int copy(byte[] digests, int digestAt, byte[] to, int at) {
    for (PageReader store : stores) {
      int length = store.readElsewhere(digests, digestAt, to, at, found, 0);
      if (length > 0) {
        return length;
      }
    }
    for (Offer offer : offers) {
      Long place =
          offer.places.get(
              ByteBuffer.wrap(Arrays.copyOfRange(digests, digestAt, digestAt + Page.DIGEST)));
      int length = place == null ? -1 : read(offer.source, place, to, at);
      if (length > 0) {
        Page.digest(sha, to, at, length, found, 0);
        if (Page.sameDigest(found, 0, digests, digestAt)) {
          return length;
        }
      }
    }
    return -1;
  }

  @Override
  public void close() {
    stores.forEach(PageReader::close);
  }
}
