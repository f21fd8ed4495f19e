package blksh.mount.nbd;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What was asked for before anybody wanted it: by who said what he will read, or because somebody
 * reads in order. Holds up to 16 MiB; what is older than some seconds is read anew, as the disk may
 * be in use.
 */
final class NbdExpected {

  private static final long MOST_BYTES = 16 << 20;

  /** How long what was guessed may wait, and what somebody said he will read. */
  private static final long GUESSED_NANOS = TimeUnit.SECONDS.toNanos(2);

  private static final long SAID_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final int MOST_AHEAD = 8;
  private static final int MOST_UNDER_WAY = 128;

  private record Ahead(NbdLink link, NbdRead read) {}

  // Guarded by this.
  private final Map<Long, Ahead> coming = new LinkedHashMap<>();
  private long bytes;
  private long readUpTo = -1;
  private int inOrder;
  private volatile boolean explicit;

  /** Somebody says what he will read: nothing is guessed any more. */
  void explicit() {
    explicit = true;
  }

  /** Asks for a range, unless it comes already or there is no room. */
  synchronized void ask(long position, int length, NbdLink used) {
    dropOld(used);
    if (bytes + length > MOST_BYTES
        || coming.containsKey(position)
        || used.underWay() >= MOST_UNDER_WAY) {
      return;
    }
    NbdRead read = new NbdRead(position, length);
    coming.put(position, new Ahead(used, read));
    bytes += length;
    used.send(read);
  }

  private void dropOld(NbdLink used) {
    long now = System.nanoTime();
    long fresh = explicit ? SAID_NANOS : GUESSED_NANOS;
    coming
        .values()
        .removeIf(
            ahead -> {
              long came = ahead.read.answeredNanos();
              boolean old = ahead.link != used || came != 0 && now - came > fresh;
              bytes -= old ? ahead.read.length : 0;
              return old;
            });
  }

  /** What comes of exactly that range over a link; null when it was not asked for, or is old. */
  synchronized NbdRead take(long position, int length, NbdLink used) {
    dropOld(used);
    Ahead ahead = coming.get(position);
    if (ahead == null || ahead.read.length != length) {
      return null;
    }
    coming.remove(position);
    bytes -= length;
    return ahead.read;
  }

  /** Somebody has read a range: when he reads in order, what follows is asked for. */
  void readOn(long position, int length, NbdSource source) {
    int ahead;
    synchronized (this) {
      inOrder = position == readUpTo ? Math.min(MOST_AHEAD, inOrder + 1) : 0;
      readUpTo = position + length;
      ahead = explicit || inOrder < 2 ? 0 : inOrder;
    }
    for (int i = 0; i < ahead; i++) {
      long next = position + (long) (i + 1) * length;
      if (next < source.size()) {
        source.expectSoon(next, (int) Math.min(length, source.size() - next));
      }
    }
  }

  synchronized void clear() {
    coming.clear();
    bytes = 0;
  }
}
