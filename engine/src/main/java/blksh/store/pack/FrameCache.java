package blksh.store.pack;

import blksh.block.CacheFigures;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.LongAdder;

/**
 * The frames that are asked for again and again, decompressed, with what was proven of them. Each
 * is read once however many ask for it at the same time; what is asked for the first time is read
 * past the cache where that is cheaper, see {@link #isFirstLook}. A frame in use is never given up,
 * and one that was found damaged is not remembered.
 */
public final class FrameCache {

  private static final int LOOKS = 1024;

  /** Bytes of pages; there is room for as many at least, so that frames of few share sizes. */
  private static final int SMALLEST = 16 << 10;

  private static final long SHARED_BYTES = 32L << 20;

  /** The memory that all sources of manifests in this process share. */
  private static final class Shared {
    static final FrameCache CACHE =
        new FrameCache(Math.min(SHARED_BYTES, Runtime.getRuntime().maxMemory() / 4));
  }

  private final long limit;
  private long held;
  private final Map<Key, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
  private final Deque<LoadedFrame> free = new ArrayDeque<>();

  /** Frames that were read past the cache lately, oldest first. */
  private final Set<Key> looked = new LinkedHashSet<>();

  /** Who reads through the cache, with what that came to. */
  public static final class Owner {
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();

    public CacheFigures figures() {
      return new CacheFigures(hits.sum(), misses.sum());
    }
  }

  /**
   * A frame as one owner read it, known by its pages: its place in the pack may change. Owners
   * share memory, but not what they found.
   */
  private record Key(Owner owner, long pack, int firstPage, int pages) {

    // Written out: what the compiler gives a record is made at run time, when a command starts.

    @Override
    public boolean equals(Object other) {
      return other instanceof Key key
          && key.pack == pack
          && key.firstPage == firstPage
          && key.pages == pages
          && key.owner.equals(owner);
    }

    @Override
    public int hashCode() {
      return 31 * (31 * (31 * owner.hashCode() + Long.hashCode(pack)) + firstPage) + pages;
    }
  }

  /** A frame in the cache; {@link #release} it after use. */
  static final class Entry {
    final long packId;
    private final Key key;
    private final LoadedFrame loaded;
    private final CountDownLatch ready = new CountDownLatch(1);
    private int users = 1;

    /** Whether who was to read it could not; set before it is ready. */
    private boolean abandoned;

    /** Whether nobody can find it any more; guarded by the cache, as are its users. */
    private boolean dropped;

    private Entry(long packId, Key key, LoadedFrame loaded) {
      this.packId = packId;
      this.key = key;
      this.loaded = loaded;
    }

    LoadedFrame loaded() {
      return loaded;
    }
  }

  /**
   * @param bytes memory to use at most, but for what is in use at a moment
   */
  public FrameCache(long bytes) {
    this.limit = Math.max(4 * Frame.MAX_RAW, bytes);
  }

  public static FrameCache shared() {
    return Shared.CACHE;
  }

  /** Whether a frame is not here and was not asked for lately. */
  boolean isFirstLook(Owner owner, Pack pack, int frame) {
    PackFooter footer = pack.footer();
    Key key = new Key(owner, pack.id(), footer.firstPage(frame), footer.pagesIn(frame));
    synchronized (this) {
      if (entries.containsKey(key) || !looked.add(key)) {
        return false;
      }
      if (looked.size() > LOOKS) {
        Iterator<Key> oldest = looked.iterator();
        oldest.next();
        oldest.remove();
      }
    }
    owner.misses.increment();
    return true;
  }

  Entry acquire(Owner owner, Pack pack, int frame, FrameReader reader) {
    PackFooter footer = pack.footer();
    Key key = new Key(owner, pack.id(), footer.firstPage(frame), footer.pagesIn(frame));
    while (true) {
      Entry found;
      Entry made = null;
      synchronized (this) {
        found = entries.get(key);
        if (found != null) {
          found.users++;
        } else {
          made = new Entry(pack.id(), key, room(key.pages, pack.pageSize()));
          entries.put(key, made);
          held += made.loaded.raw.length;
        }
      }
      if (found == null) {
        owner.misses.increment();
        return load(pack, frame, reader, made);
      }
      owner.hits.increment();
      await(found.ready);
      if (!found.abandoned) {
        return found;
      }
      release(found); // why it could not be read is known to another: it is tried here
    }
  }

  private Entry load(Pack pack, int frame, FrameReader reader, Entry made) {
    boolean returned = false;
    try {
      reader.load(pack, frame, made.loaded);
      returned = true;
      return made;
    } finally {
      if (!returned) {
        made.loaded.fail("it could not be read");
        made.abandoned = true;
      }
      if (!made.loaded.whole()) {
        forget(made);
      }
      made.ready.countDown();
      if (!returned) {
        release(made);
      }
    }
  }

  private static void await(CountDownLatch ready) {
    boolean interrupted = false;
    while (true) {
      try {
        ready.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Room for a frame, that of frames which were not asked for lately if need be. */
  private LoadedFrame room(int pages, PageSize pageSize) {
    int room = Math.max(pageSize.pageOf(SMALLEST), Integer.highestOneBit(2 * pages - 1));
    int bytes = Math.min(Frame.MAX_RAW, pageSize.at(room));
    var oldest = entries.values().iterator();
    while (held + bytes > limit && oldest.hasNext()) {
      Entry entry = oldest.next();
      if (entry.users == 0) {
        oldest.remove();
        drop(entry);
      }
    }
    for (var unused = free.iterator(); unused.hasNext(); ) {
      LoadedFrame loaded = unused.next();
      if (loaded.room == room && loaded.raw.length == bytes) {
        unused.remove();
        return loaded;
      }
    }
    free.clear();
    return new LoadedFrame(room, bytes);
  }

  /** Forgets what an owner read, when it reads no more. */
  public synchronized void forgetAll(Owner owner) {
    looked.removeIf(key -> key.owner == owner);
    var all = entries.values().iterator();
    while (all.hasNext()) {
      Entry entry = all.next();
      if (entry.key.owner == owner) {
        all.remove();
        drop(entry);
      }
    }
  }

  /** Lets the next who asks for a frame read it again, as it was found damaged. */
  synchronized void forget(Entry entry) {
    if (entries.remove(entry.key, entry)) {
      drop(entry);
    }
  }

  /** Notes that nobody can find it any more; its memory is used again after its last user. */
  private void drop(Entry entry) {
    held -= entry.loaded.raw.length;
    entry.dropped = true;
    if (entry.users == 0) {
      free.push(entry.loaded);
    }
  }

  synchronized void release(Entry entry) {
    if (--entry.users == 0 && entry.dropped) {
      free.push(entry.loaded);
    }
  }
}
