package blksh.store.pack;

import blksh.BlkshException;
import blksh.store.shelf.ShelfAwayException;
import java.io.Closeable;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Finds where a page is stored by its whole digest: the page index gives candidates, the digests in
 * the packs decide. Pages stored together are usually looked for together, so the digests around a
 * hit are kept, 4 KiB at a time, in a few MiB. Used by one thread at a time.
 */
public final class PageFinder implements PageIndex.Candidate, Closeable {

  private static final int BLOCKS = 1024;

  private final PackDirectory packs;
  private final Indexes indexes;
  private final Reliance reliance;
  private final Map<Long, Long> packIds = new HashMap<>();
  private final Map<Block, byte[]> blocks =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Block, byte[]> eldest) {
          return size() > BLOCKS;
        }
      };

  /** Opened when it is first needed. */
  private PageIndex index;

  private Pack pack;
  private long packId;
  private int page;
  private byte[] wanted;
  private int wantedAt;
  private long notPack;
  private int notPage = -1;

  private record Block(long pack, int number) {}

  /**
   * Told of packs before anything of them is looked at: what is found in them from then on stays
   * there for whoever was told.
   */
  public interface Reliance {
    /** For who relies on nothing: what he finds may be gone at once. */
    Reliance NONE = packIds -> {};

    void on(long... packIds);
  }

  /** What it looks up. */
  public interface Indexes {
    /** The page index; null when there is none, as in a store that cannot be written. */
    PageIndex pageIndex();

    /** The id of the pack that the page index calls by a number, if there is one. */
    Optional<Long> packId(long ordinal);
  }

  /**
   * @param reliance of whoever notes where pages are; {@link Reliance#NONE} for who only reads
   */
  public PageFinder(PackDirectory packs, Indexes indexes, Reliance reliance) {
    this.packs = packs;
    this.indexes = indexes;
    this.reliance = reliance;
  }

  /**
   * Looks for a page; if true, {@link #packId} and {@link #page} say where it is.
   *
   * @param key the digest's key in the page index
   */
  public boolean find(long key, byte[] digest, int at) {
    if (index == null) {
      index = indexes.pageIndex();
    }
    wanted = digest;
    wantedAt = at;
    return index != null && index.find(key, this) >= 0;
  }

  /** Sees where a page is. */
  public interface Places {
    /** Whether this is the last that is wanted. */
    boolean at(long packId, int page);
  }

  /**
   * Sees the places of a page, as far as the page index knows them; without one, as all packs do.
   */
  public void forEach(byte[] digest, int at, Places visitor) {
    if (index == null) {
      index = indexes.pageIndex();
    }
    wanted = digest;
    wantedAt = at;
    if (index == null) {
      search(visitor);
      return;
    }
    index.find(
        PageIndex.keyOf(digest, at), address -> matches(address) && visitor.at(packId, page));
  }

  private boolean search(Places visitor) {
    for (long id : packs.sealed()) {
      try (Pack candidate = packs.acquire(id)) {
        byte[] digests = candidate.digests();
        for (int i = 0; i < candidate.pages(); i++) {
          if (Page.sameDigest(digests, i * Page.DIGEST, wanted, wantedAt) && visitor.at(id, i)) {
            return true;
          }
        }
      } catch (BlkshException | IOException e) {
        ShelfAwayException.letPass(e);
        // what cannot be read has no page to offer
      }
    }
    return false;
  }

  /** As {@link #find}, but not at the address given. */
  boolean findOther(byte[] digest, int at, long besidesPack, int besidesPage) {
    notPack = besidesPack;
    notPage = besidesPage;
    try {
      return find(PageIndex.keyOf(digest, at), digest, at) || index == null && search();
    } finally {
      notPage = -1;
    }
  }

  /** Looks through all packs: where nothing can be written there may be no index. */
  private boolean search() {
    return search(
        (id, i) -> {
          packId = id;
          page = i;
          return i != notPage || id != notPack;
        });
  }

  public long packId() {
    return packId;
  }

  public int page() {
    return page;
  }

  @Override
  public boolean matches(long address) {
    if (address == PageIndex.REMOVED) {
      return false;
    }
    Long id = packIds.get(PageIndex.ordinalOf(address));
    if (id == null) {
      Optional<Long> known = indexes.packId(PageIndex.ordinalOf(address));
      if (known.isEmpty()) {
        return false;
      }
      id = known.get();
      packIds.put(PageIndex.ordinalOf(address), id);
    }
    packId = id;
    page = PageIndex.pageOf(address);
    if (page == notPage && packId == notPack) {
      return false;
    }
    byte[] block = block(new Block(packId, page / PackFooter.DIGEST_BLOCK));
    int from = page % PackFooter.DIGEST_BLOCK * Page.DIGEST;
    return from + Page.DIGEST <= block.length && Page.sameDigest(block, from, wanted, wantedAt);
  }

  private byte[] block(Block key) {
    byte[] block = blocks.get(key);
    if (block == null) {
      reliance.on(key.pack);
      block = read(key);
      blocks.put(key, block);
    }
    return block;
  }

  /** The digests of a block; empty when they cannot be had, so that nothing matches. */
  private byte[] read(Block key) {
    byte[] none = {};
    try {
      if (pack == null || pack.id() != key.pack) {
        close();
        pack = packs.acquire(key.pack);
      }
      byte[] block = pack.footer().digestBlock(pack.file(), key.number);
      return block == null ? none : block;
    } catch (BlkshException | IOException e) {
      ShelfAwayException.letPass(e);
      return none;
    }
  }

  @Override
  public void close() {
    if (pack != null) {
      pack.close();
      pack = null;
    }
  }
}
