package blksh.store;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The frames read last, decompressed and proven, shared by the threads that read one image. Each is
 * read once however many ask for it at the same time. A frame in use is never given up.
 */
final class FrameCache {

  private final int frames;
  private final Map<Key, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
  private final Deque<Pack.Loaded> free = new ArrayDeque<>();

  private record Key(long pack, int frame) {}

  /** A frame in the cache; {@link #release} it after use. */
  static final class Entry {
    final long packId;
    private Pack.Loaded loaded;
    private int users;
    private boolean ready;

    private Entry(long packId) {
      this.packId = packId;
    }

    Pack.Loaded loaded() {
      return loaded;
    }
  }

  /**
   * @param bytes memory to use at most, but for what is in use at a moment
   */
  FrameCache(long bytes) {
    this.frames = (int) Math.max(4, bytes / Frame.MAX_RAW);
  }

  Entry acquire(Pack pack, int frame, Pack.Reader reader) {
    Entry entry;
    synchronized (this) {
      Key key = new Key(pack.id(), frame);
      entry = entries.get(key);
      if (entry != null) {
        entry.users++;
        awaitReady(entry);
        return entry;
      }
      entry = new Entry(pack.id());
      entry.users = 1;
      evict();
      entry.loaded = free.isEmpty() ? new Pack.Loaded() : free.pop();
      entries.put(key, entry);
    }
    try {
      pack.load(frame, -1, reader, entry.loaded);
    } catch (RuntimeException | Error e) {
      entry.loaded.proven = 0;
      entry.loaded.damage = String.valueOf(e.getMessage());
      throw e;
    } finally {
      synchronized (this) {
        entry.ready = true;
        notifyAll();
      }
    }
    return entry;
  }

  private void awaitReady(Entry entry) {
    boolean interrupted = false;
    while (!entry.ready) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void evict() {
    var oldest = entries.values().iterator();
    while (entries.size() >= frames && oldest.hasNext()) {
      Entry entry = oldest.next();
      if (entry.users == 0) {
        oldest.remove();
        free.push(entry.loaded);
      }
    }
  }

  synchronized void release(Entry entry) {
    entry.users--;
  }
}
