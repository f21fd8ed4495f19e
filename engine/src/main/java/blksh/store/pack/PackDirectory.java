package blksh.store.pack;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.store.shelf.Blob;
import blksh.store.shelf.DamageAsZeros;
import blksh.store.shelf.Part;
import blksh.store.shelf.Shelf;
import blksh.store.shelf.Spool;
import java.io.Closeable;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The packs of a store: the blobs {@code packs/xx/ID.pack}, ID being 16 hex digits and xx the first
 * two. Keeps the packs used last open, at most {@value #OPEN}.
 */
public final class PackDirectory implements Closeable {

  /** What the names of all packs begin with. */
  public static final String PREFIX = "packs/";

  private static final int OPEN = 64;
  private static final Pattern NAME = Pattern.compile(PREFIX + "[^/]+/([0-9a-f]{16})\\.pack");
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Shelf shelf;
  private final Spool spool;
  private final Map<Long, Pack> open = new LinkedHashMap<>(16, 0.75f, true);

  /** Of the store they must belong to; null while that is not known. */
  private volatile byte[] storeId;

  private volatile PageSize pageSize = PageSize.USUAL;

  public PackDirectory(Shelf shelf, Spool spool) {
    this.shelf = shelf;
    this.spool = spool;
  }

  /** Says how large their pages are; those that are open as others are opened again. */
  public void have(PageSize size) {
    if (pageSize != size) {
      pageSize = size;
      close();
    }
  }

  /** How large their pages are. */
  public PageSize pageSize() {
    return pageSize;
  }

  /**
   * How large the pages of a pack are, as its first frame says; null when that cannot be told, or
   * it is of another store.
   */
  public PageSize pageSizeOf(long id, byte[] storeId) {
    try (Blob file = new DamageAsZeros(shelf.open(nameOf(id)))) {
      if (!Arrays.equals(Pack.storeIdOf(file), storeId)) {
        return null;
      }
      int length = (int) Math.min(Frame.MAX_HEADER, file.size() - Pack.HEADER);
      byte[] header = file.read(Pack.HEADER, Math.max(0, length));
      Frame first = Frame.parse(header, 0, header.length);
      return first == null ? null : first.pageSize;
    } catch (IOException e) {
      return null;
    }
  }

  /** The store a pack says it belongs to, whatever size its pages have; null when it says none. */
  public byte[] storeIdOf(long id) throws IOException {
    try (Blob file = new DamageAsZeros(shelf.open(nameOf(id)))) {
      return Pack.storeIdOf(file);
    }
  }

  /** Says which store they belong to: those of others are refused from now on. */
  public void belongTo(byte[] id) {
    storeId = id;
  }

  /** An id as it is written. */
  public static String idText(long id) {
    return "%016x".formatted(id);
  }

  /** The name of a pack's blob. */
  public static String nameOf(long id) {
    String text = idText(id);
    return PREFIX + text.substring(0, 2) + "/" + text + ".pack";
  }

  /** An id no pack of the store has. */
  public long newId() {
    try {
      while (true) {
        long id = RANDOM.nextLong();
        if (id != 0 && shelf.size(nameOf(id)).isEmpty()) {
          return id;
        }
      }
    } catch (IOException e) {
      throw new BlkshException("begin a pack in " + shelf.place(), IoFailure.reason(e), e);
    }
  }

  /** Whether there is a pack. */
  public boolean exists(long id) throws IOException {
    return shelf.size(nameOf(id)).isPresent();
  }

  /** The ids of the packs there are, in the order of their ids. */
  public List<Long> sealed() {
    try {
      List<Long> ids = ids(shelf.list(PREFIX));
      ids.sort(Long::compareUnsigned);
      return ids;
    } catch (IOException e) {
      throw unlisted(e);
    }
  }

  /** The ids of the packs that are being written, or whose writers died. */
  public List<Long> parts() {
    try {
      return ids(spool.parts(PREFIX));
    } catch (IOException e) {
      throw unlisted(e);
    }
  }

  private static List<Long> ids(List<String> names) {
    List<Long> ids = new ArrayList<>();
    for (String name : names) {
      idOf(name).ifPresent(ids::add);
    }
    return ids;
  }

  /** The id of the pack that a blob is by its name, if it is one. */
  public static Optional<Long> idOf(String name) {
    Matcher matcher = NAME.matcher(name);
    return matcher.matches()
        ? Optional.of(Long.parseUnsignedLong(matcher.group(1), 16))
        : Optional.empty();
  }

  private BlkshException unlisted(IOException e) {
    return new BlkshException("list packs in " + shelf.locate("packs"), IoFailure.reason(e), e);
  }

  /**
   * A pack, open, counted as used by the caller, who closes it.
   *
   * @throws BlkshException when it is missing or cannot be opened
   */
  public synchronized Pack acquire(long id) {
    Pack pack = open.get(id);
    if (pack == null) {
      pack = read(id);
      open.put(id, pack);
      if (open.size() > OPEN) {
        var eldest = open.entrySet().iterator();
        Pack evicted = eldest.next().getValue();
        eldest.remove();
        evicted.close();
      }
    }
    pack.acquire();
    return pack;
  }

  private Pack read(long id) {
    String name = nameOf(id);
    try {
      return Pack.open(id, shelf.open(name), storeId, pageSize);
    } catch (IOException e) {
      throw new BlkshException("open pack " + shelf.locate(name), IoFailure.reason(e), e)
          .suggest("run verify to see which manifests it affects");
    }
  }

  /**
   * Begins a pack.
   *
   * @param id one that {@link #newId} gave
   * @param storeId of the store it is to belong to
   */
  public PackWriter begin(long id, byte[] storeId) throws IOException {
    return PackWriter.begin(id, spool.begin(nameOf(id)), storeId, pageSize);
  }

  /** Begins a pack that takes the place of a sealed one, which nobody uses meanwhile. */
  PackWriter replacement(long id, byte[] storeId) throws IOException {
    spool.discardDead(nameOf(id));
    return begin(id, storeId);
  }

  /**
   * Takes over the part a dead writer left: its whole frames become a sealed pack. Beside a sealed
   * pack it is a repair that did not come to its end, and only removed.
   *
   * @return the writer that sealed the pack, or null when the part belongs to a living writer, or
   *     was removed
   */
  public PackWriter recover(long id, byte[] storeId) throws IOException {
    Part part = spool.takeOver(nameOf(id));
    if (part == null) {
      return null;
    }
    try (part) {
      if (shelf.size(nameOf(id)).isPresent()) {
        part.discard();
        return null;
      }
      return PackWriter.salvage(id, part, storeId, pageSize);
    }
  }

  /** Lets the next who wants a pack open it again: another may have its name. */
  public synchronized void forget(long id) {
    Pack pack = open.remove(id);
    if (pack != null) {
      pack.close();
    }
  }

  /** Closes the packs that are open; each is opened again when it is needed. */
  @Override
  public synchronized void close() {
    open.values().forEach(Pack::close);
    open.clear();
  }
}
