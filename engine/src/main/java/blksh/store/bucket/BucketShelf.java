package blksh.store.bucket;

import blksh.store.bucket.BucketFailure.Kind;
import blksh.store.bucket.BucketRequests.Found;
import blksh.store.bucket.BucketRequests.Listed;
import blksh.store.bucket.BucketRequests.Page;
import blksh.store.bucket.BucketRequests.Range;
import blksh.store.shelf.Blob;
import blksh.store.shelf.Exclusion;
import blksh.store.shelf.Shelf;
import blksh.store.shelf.ShelfAwayException;
import blksh.store.shelf.Spool;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The objects of a bucket below a prefix, as blobs of the same names. Of the server it needs that
 * an object is put whole or not at all, that a put may be refused where there is one already
 * ({@code If-None-Match: *}), and that reads and lists show what was put before.
 *
 * <p>Whoever is told that something was put can rely on it, and who is told that a name was taken
 * too: each put has a word of its own with it, and after every answer that leaves it open what
 * happened, the object is looked at ({@link PutOnce}).
 *
 * <p>It keeps nobody away and no part grows in it. That a server heeds the condition is made sure
 * of before anything is put ({@link Probe}).
 */
public final class BucketShelf implements Shelf {

  /**
   * Bytes of blocks that are kept in memory: for each core what one reader has had read ahead, and
   * as much again.
   */
  private static final long CACHED =
      Math.max(
          16L << 20,
          Math.min(
              2L * BucketBlob.MOST * Runtime.getRuntime().availableProcessors(),
              Runtime.getRuntime().maxMemory() / 8));

  /** How often an object comes that is not as it was put, until it is taken to be damaged. */
  private static final int LOOKS = 3;

  /** Bytes that one put may have, as the documentation of S3 says. */
  private static final long MOST = 5L << 30;

  private final String place;
  private final String prefix;
  private final BucketRequests requests;
  private final RequestPatience patience;
  private final BucketTraffic traffic;
  private final PutOnce puts;
  private final Probe probe;
  private final ObjectBlocks cache = new ObjectBlocks(CACHED);

  /**
   * @param place for people, and to tell this bucket from others
   * @param prefix of the keys of all blobs: empty, or ending with {@code /}
   * @param perSecond requests that are made in a second, at most
   * @param limitNanos for how long a request is made again when nothing is known of it
   */
  public BucketShelf(
      String place, String prefix, BucketRequests requests, int perSecond, long limitNanos) {
    this.place = place;
    this.prefix = prefix;
    this.traffic = new BucketTraffic();
    this.requests = new CountedRequests(requests, traffic);
    this.patience = new RequestPatience(place, perSecond, limitNanos, traffic);
    this.puts = new PutOnce(this.requests, patience, traffic);
    this.probe = new Probe(this.requests, patience, prefix, place);
  }

  @Override
  public String place() {
    return place;
  }

  @Override
  public String address() {
    return requests.server() + " " + place;
  }

  @Override
  public String locate(String name) {
    return place + (place.endsWith("/") ? "" : "/") + name;
  }

  /** True: only the server knows, and says so when it is tried. */
  @Override
  public boolean writable() {
    return true;
  }

  private String key(String name) {
    return prefix + name;
  }

  private interface Action<T> {
    T run() throws IOException;
  }

  /**
   * Tells what went wrong with an object in the words of all shelves. What is wrong with the object
   * is one thing; that the server is away, or lets nobody in, is another, and says nothing of it.
   */
  private <T> T told(String name, Action<T> action) throws IOException {
    try {
      return action.run();
    } catch (BucketFailure e) {
      if (e.kind() == Kind.MISSING) {
        throw new NoSuchFileException(locate(name));
      }
      if (e.kind() == Kind.PAST_END) {
        throw new EOFException(locate(name) + " ends before what is to be read of it");
      }
      ShelfAwayException away = new ShelfAwayException("use " + locate(name), e.getMessage(), e);
      if (e.kind() == Kind.DOUBTFUL) {
        away.suggest("try again when the server answers; what was put is there");
      }
      throw away;
    }
  }

  // ---- making ready --------------------------------------------------------------------------

  /** An empty object whose name ends with a slash, as other programs make for folders too. */
  @Override
  public void prepare(String folder) throws IOException {
    put(folder, PutContent.of(new byte[0]), false);
  }

  @Override
  public boolean isPrepared(String folder) throws IOException {
    return told(
        folder,
        () -> !patience.insist(() -> requests.list(key(folder), null, 1)).objects().isEmpty());
  }

  /** Whether nothing is below the prefix but what a making of a store that was cut off leaves. */
  public boolean isVacant() throws IOException {
    Set<String> left = Set.of(key(Probe.NAME), prefix);
    return told(
        "",
        () ->
            patience.insist(() -> requests.list(prefix, null, left.size() + 1)).objects().stream()
                .allMatch(object -> left.contains(object.key())));
  }

  /** Keys are kept as they are, so it makes nothing. */
  @Override
  public boolean prepareIfKept(String folder) {
    return true;
  }

  // ---- looking -------------------------------------------------------------------------------

  @Override
  public Blob open(String name) throws IOException {
    return told(
        name,
        () -> {
          try {
            // Whole it is proven here; what it holds all the same is as it is, and who reads knows.
            Range end = patience.insist(() -> end(name));
            for (int looks = 1; looks < LOOKS && !isAsPut(end); looks++) {
              end = patience.insist(() -> end(name));
            }
            return new BucketBlob(this, cache, name, end.found(), end.bytes());
          } catch (BucketFailure e) {
            if (e.kind() != Kind.REFUSED && e.kind() != Kind.PAST_END) {
              throw e;
            }
            Found found = patience.insist(() -> requests.head(key(name)));
            if (found.size() > 0) {
              throw e;
            }
            return new BucketBlob(this, cache, name, found, new byte[0]); // it has no range at all
          }
        });
  }

  private Range end(String name) throws BucketFailure {
    Range end = requests.readEnd(key(name), BucketBlob.END);
    traffic.received(end.bytes().length);
    Found found = end.found();
    mustBeWhole(name, end, (int) Math.min(found.size(), BucketBlob.END));
    return end;
  }

  /** False when it is known that an object that came whole is not as it was put. */
  private static boolean isAsPut(Range end) {
    Found found = end.found();
    return end.bytes().length < found.size()
        || found.md5() == null
        || HexFormat.of().formatHex(md5(end.bytes())).equals(found.md5());
  }

  private static byte[] md5(byte[] bytes) {
    try {
      return MessageDigest.getInstance("MD5").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  /** What is cut off is no failure to everybody. */
  private void mustBeWhole(String name, Range range, int wanted) throws BucketFailure {
    if (range.bytes().length != wanted) {
      throw new BucketFailure(
          Kind.DOUBTFUL,
          "%d bytes of %s came of %d".formatted(range.bytes().length, locate(name), wanted),
          null);
    }
  }

  /**
   * A range of an object that was opened.
   *
   * @throws IOException when there is another of its name by now
   */
  byte[] range(String name, Found opened, long from, int length) throws IOException {
    Range came =
        told(
            name,
            () ->
                patience.insist(
                    () -> {
                      Range range = requests.read(key(name), from, length);
                      traffic.received(range.bytes().length);
                      if (isSame(range.found(), opened)) {
                        mustBeWhole(name, range, length);
                      }
                      return range;
                    }));
    if (!isSame(came.found(), opened)) {
      throw new IOException(locate(name) + " was replaced since it was opened");
    }
    return came.bytes();
  }

  private static boolean isSame(Found now, Found opened) {
    return now.size() == opened.size() && Objects.equals(now.tag(), opened.tag());
  }

  @Override
  public OptionalLong size(String name) throws IOException {
    try {
      return OptionalLong.of(
          told(name, () -> patience.insist(() -> requests.head(key(name)))).size());
    } catch (NoSuchFileException e) {
      return OptionalLong.empty();
    }
  }

  @Override
  public List<String> list(String beginning) throws IOException {
    return new ArrayList<>(listed(beginning).keySet());
  }

  @Override
  public Optional<Map<String, Long>> sizes(String beginning) throws IOException {
    return Optional.of(listed(beginning));
  }

  private Map<String, Long> listed(String beginning) throws IOException {
    Map<String, Long> sizes = new HashMap<>();
    each(
        beginning,
        object -> {
          if (!object.key().endsWith("/")) {
            sizes.put(object.key().substring(prefix.length()), object.size());
          }
        });
    return sizes;
  }

  private void each(String beginning, Consumer<Listed> visitor) throws IOException {
    told(
        beginning,
        () -> {
          String from = null;
          do {
            String begin = from;
            Page page = patience.insist(() -> requests.list(key(beginning), begin, 1000));
            page.objects().forEach(visitor);
            from = page.next();
          } while (from != null);
          return null;
        });
  }

  @Override
  public long bytes() throws IOException {
    long[] sum = {0};
    each("", object -> sum[0] += object.size());
    return sum[0];
  }

  // ---- putting and deleting ------------------------------------------------------------------

  @Override
  public void put(String name, byte[] content) throws IOException {
    put(name, PutContent.of(content), true);
  }

  @Override
  public boolean putIfAbsent(String name, byte[] content) throws IOException {
    return put(name, PutContent.of(content), false);
  }

  @Override
  public boolean putWhole(String name, Blob content, boolean replace) throws IOException {
    if (content.size() > MOST) {
      throw new IOException(
          "%s has %d bytes, and an object is put with at most %d"
              .formatted(locate(name), content.size(), MOST));
    }
    return put(name, PutContent.of(content), replace);
  }

  private boolean put(String name, PutContent content, boolean replace) throws IOException {
    return told(
        name,
        () -> {
          probe.mustPass();
          return replace ? puts.replace(key(name), content) : puts.create(key(name), content);
        });
  }

  /**
   * Copied by the server: it is there under both names for a while. It goes under its first name
   * only once it is there under the other, the same.
   */
  @Override
  public void move(String name, String to) throws IOException {
    copy(name, to);
    delete(name);
  }

  /** Copied by the server, after a look: of two who do it at once both succeed. */
  @Override
  public boolean copyIfAbsent(String name, String to) throws IOException {
    if (size(to).isPresent()) {
      return false;
    }
    copy(name, to);
    return true;
  }

  private void copy(String name, String to) throws IOException {
    boolean copied =
        told(
            name,
            () -> {
              probe.mustPass();
              Found from = patience.insist(() -> requests.head(key(name)));
              patience.insist(
                  () -> {
                    requests.copy(key(name), key(to));
                    return null;
                  });
              Found there = patience.insist(() -> requests.head(key(to)));
              return from.size() == there.size()
                  && Objects.equals(from.write(), there.write())
                  && Objects.equals(from.md5(), there.md5());
            });
    if (!copied) {
      throw new IOException(
          "%s was to be copied to %s, and what is there is another object"
              .formatted(locate(name), locate(to)));
    }
  }

  @Override
  public void moveWithin(Map<String, String> names) throws IOException {
    for (Map.Entry<String, String> each : names.entrySet()) {
      move(each.getKey(), each.getValue());
    }
  }

  @Override
  public void delete(String name) throws IOException {
    told(
        name,
        () ->
            patience.insist(
                () -> {
                  requests.delete(key(name));
                  return null;
                }));
  }

  /** Nothing: an object is put whole. */
  @Override
  public Optional<Spool> spool() {
    return Optional.empty();
  }

  /** Nothing: nobody can be kept away. */
  @Override
  public Optional<Exclusion> exclusion() {
    return Optional.empty();
  }

  @Override
  public Map<String, Long> traffic() {
    return traffic.figures();
  }

  @Override
  public void close() {
    requests.close();
  }
}
