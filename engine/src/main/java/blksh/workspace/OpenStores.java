package blksh.workspace;

import blksh.BlkshException;
import blksh.Place;
import blksh.store.Store;
import java.io.Closeable;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** The stores that are open, by place: each once, whoever wants it. They are closed with this. */
final class OpenStores implements Closeable {

  private final Map<Place, Store> stores = new HashMap<>();

  /** What who opens one holds meanwhile. */
  private final Map<Place, Object> locks = new HashMap<>();

  private boolean closed;

  /** The one in a place; null when it is not open. */
  synchronized Store get(Place place) {
    return stores.get(place);
  }

  /**
   * The one in a place, opened unless it is. Only who wants the same one waits meanwhile, as for
   * somebody to type a passphrase, or for a server.
   *
   * @param place asked again once it is open: what was made may be behind a link
   */
  Store get(Supplier<Place> place, Supplier<Store> opening) {
    Place wanted = place.get();
    synchronized (lock(wanted)) {
      Store store = get(wanted);
      return store != null ? store : keep(opening.get(), place);
    }
  }

  private synchronized Object lock(Place place) {
    return locks.computeIfAbsent(place, any -> new Object());
  }

  private Store keep(Store opened, Supplier<Place> place) {
    Place known = place.get();
    Store kept = keep(known, opened);
    if (kept != opened) {
      opened.close();
    }
    if (kept == null) {
      throw new BlkshException("open store " + known, "blksh is just ending");
    }
    return kept;
  }

  /** The one that is open from now on, which somebody who called it otherwise may have opened. */
  private synchronized Store keep(Place place, Store opened) {
    return closed ? null : stores.computeIfAbsent(place, any -> opened);
  }

  @Override
  public synchronized void close() {
    closed = true;
    stores.values().forEach(Store::close);
    stores.clear();
  }
}
