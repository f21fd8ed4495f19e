package blksh.catalogue;

import blksh.BlkshException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * The discs of an archive as they are needed: in drives, as images, in directories with images. One
 * that is not at hand is asked for, one after the other; what was refused is not asked for again at
 * once, as whoever copies a tree would be asked for each of its files.
 */
public final class ArchiveDiscs implements Closeable {

  private static final long REFUSED_NANOS = 30_000_000_000L;

  /** How often a disc is looked for again that was taken out while it was read. */
  private static final int TRIES = 3;

  /** What the files are called that are images. */
  private static final String IMAGE = ".iso";

  private final DiscChanger changer;

  /** Guarded by this. */
  private final List<Path> named;

  /** By path, guarded by this. */
  private final Map<Path, DiscPlace> places = new LinkedHashMap<>();

  /** How many wait for a disc that is asked for, of the threads of a mount. */
  private static final int MOST_WAITING = 8;

  /** How many images and drives are kept open. */
  private static final int MOST_OPEN = 8;

  /** Guarded by this; what was read from last is last. */
  private final Deque<DiscPlace> recent = new ArrayDeque<>();

  /** Where discs were brought to last; guarded by this. */
  private final Deque<Path> brought = new ArrayDeque<>();

  private final AtomicInteger waiting = new AtomicInteger();

  /** Held by who asks. */
  private final Object asking = new Object();

  /** What was refused, and when; guarded by {@link #asking}. */
  private final Map<Long, Refused> refused = new HashMap<>();

  private volatile boolean closed;

  private record Refused(BlkshException why, long when) {}

  /**
   * @param named drives, images, and directories whose files that end in {@code .iso} are images;
   *     each is looked at when a disc is needed
   * @param changer who brings what is not there
   */
  public ArchiveDiscs(List<Path> named, DiscChanger changer) {
    this.named = new ArrayList<>(named);
    this.changer = changer;
  }

  /** Says that a disc may be at some further place. */
  public synchronized void add(Path place) {
    if (!named.contains(place)) {
      named.add(0, place);
    }
  }

  /** Of a changer with many places only the last are looked at. */
  private synchronized void addBrought(Path place) {
    if (named.contains(place)) {
      return;
    }
    add(place);
    brought.addLast(place);
    if (brought.size() > MOST_OPEN) {
      named.remove(brought.removeFirst());
    }
  }

  /** Whether nobody reads from them any more. */
  public boolean isClosed() {
    return closed;
  }

  /**
   * Whether a disc is at hand now.
   *
   * @throws BlkshException when they are closed meanwhile
   */
  public boolean has(Disc disc) {
    requireOpen(disc);
    return find(disc).isPresent();
  }

  private Optional<DiscPlace> find(Disc disc) {
    String label = DiscLayout.label(disc);
    List<DiscPlace> all = places();
    for (DiscPlace each : all) {
      if (label.equals(each.label())) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }

  /** All places as they are now; those that are no more are closed. */
  private synchronized List<DiscPlace> places() {
    Map<Path, DiscPlace> now = new LinkedHashMap<>();
    for (Path each : named) {
      for (Path path : Files.isDirectory(each) ? images(each) : List.of(each)) {
        now.put(path, places.computeIfAbsent(path, DiscPlace::new));
      }
    }
    for (Map.Entry<Path, DiscPlace> each : places.entrySet()) {
      if (!now.containsKey(each.getKey())) {
        each.getValue().close();
      }
    }
    places.clear();
    places.putAll(now);
    return new ArrayList<>(now.values());
  }

  private static List<Path> images(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(each -> each.toString().endsWith(IMAGE)).sorted().toList();
    } catch (IOException e) {
      return List.of(); // what is in it cannot be had now; that is said when it is asked for
    }
  }

  /**
   * Reads from a disc.
   *
   * @param target filled to its limit
   * @param asking whether it is asked for when it is not at hand, or refused
   * @throws BlkshException when it cannot be had, or read
   */
  void read(Disc disc, long position, ByteBuffer target, boolean asking) {
    String label = DiscLayout.label(disc);
    for (int i = 0; i < TRIES; i++) {
      requireOpen(disc);
      Optional<DiscPlace> place = find(disc);
      if (place.isEmpty() && !asking) {
        throw DiscChanger.wanted(disc, "it is not at hand any more");
      }
      if (place.isEmpty()) {
        place = Optional.of(asked(disc));
      }
      used(place.get());
      if (place.get().read(label, position, target)) {
        return;
      }
    }
    throw DiscChanger.wanted(disc, "it was taken out while it was read");
  }

  /** Those that were not read from for longest are closed when others are. */
  private void used(DiscPlace place) {
    DiscPlace oldest = null;
    synchronized (this) {
      recent.remove(place);
      recent.addLast(place);
      if (recent.size() > MOST_OPEN) {
        oldest = recent.removeFirst();
      }
    }
    if (oldest != null) {
      oldest.release(); // which waits for who reads there
    }
  }

  /**
   * Has a disc brought when it is not at hand.
   *
   * @throws BlkshException when it cannot be had
   */
  void require(Disc disc) {
    requireOpen(disc);
    if (find(disc).isEmpty()) {
      asked(disc);
    }
  }

  private void requireOpen(Disc disc) {
    if (closed) {
      throw DiscChanger.wanted(disc, "nobody reads from it any more");
    }
  }

  /** Others wait for their turn, and not too many: who reads what is at hand needs threads, too. */
  private DiscPlace asked(Disc disc) {
    if (waiting.incrementAndGet() > MOST_WAITING) {
      waiting.decrementAndGet();
      throw DiscChanger.wanted(disc, "%d others wait for discs".formatted(MOST_WAITING));
    }
    try {
      return askedInTurn(disc);
    } finally {
      waiting.decrementAndGet();
    }
  }

  private DiscPlace askedInTurn(Disc disc) {
    synchronized (asking) {
      Optional<DiscPlace> there = find(disc);
      if (there.isPresent()) {
        return there.get();
      }
      Refused last = refused.get(disc.id());
      if (last != null && System.nanoTime() - last.when < REFUSED_NANOS) {
        throw last.why;
      }
      try {
        letGo();
        changer.bring(disc, () -> has(disc)).ifPresent(this::addBrought);
        refused.remove(disc.id());
        return find(disc)
            .orElseThrow(() -> DiscChanger.wanted(disc, "it is in none of " + named()));
      } catch (BlkshException e) {
        refused.put(disc.id(), new Refused(e, System.nanoTime()));
        throw e;
      }
    }
  }

  private synchronized List<Path> named() {
    return List.copyOf(named);
  }

  /** A drive that is open does not give its disc back. */
  private void letGo() {
    List<DiscPlace> all;
    synchronized (this) {
      all = new ArrayList<>(places.values());
    }
    all.forEach(DiscPlace::release);
  }

  @Override
  public synchronized void close() {
    closed = true;
    places.values().forEach(DiscPlace::close);
    places.clear();
  }
}
