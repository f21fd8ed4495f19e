package blksh.store.pack;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.PartFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.function.LongSupplier;

/**
 * {@code pages.idx}: from the first eight bytes of a page's digest to where a page that begins so
 * is stored. A hint, never a proof: whoever follows it compares the whole digest with the pack's,
 * so a slot that is lost or wrong costs space; second copies of a page are known by it alone.
 *
 * <p>A memory-mapped open-addressing hash table of 16-byte slots, shared by all processes. A slot's
 * place is the top bits of its key, so doubling the table is one pass in order. Changes are made
 * under the store's index lock; lookups take no lock: a slot's address is written before its key.
 *
 * <pre>
 *   0  "BKPAGIDX"    8  u64 generation    16  u64 slots, a power of two    24  u64 slots used
 *  32  u32 CRC-32C of bytes 0 to 23      40  u64 1 while entries are being added
 *  48  u64 highest ordinal entered + 1, bit 63 set; 0: not noted, by an older blksh
 *  4096  slots: u64 key (0: empty), u64 address (0: removed)
 *  address: pack ordinal (see index.db) in the high 40 bits, page number in the low 24
 * </pre>
 */
public final class PageIndex implements Closeable {

  /** The address in a slot whose page was taken out. */
  static final long REMOVED = 0;

  private static final int PAGE_BITS = 24;
  private static final long FIRST_SLOTS = 1 << 14;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path path;
  private final boolean writable;
  private volatile PageTable table;

  PageIndex(Path path, boolean writable, PageTable table) {
    this.path = path;
    this.writable = writable;
    this.table = table;
  }

  /** The key of a digest: its first eight bytes, never 0. */
  public static long keyOf(byte[] digest, int at) {
    long key = 0;
    for (int i = 0; i < 8; i++) {
      key = key << 8 | digest[at + i] & 0xFF;
    }
    return key == 0 ? 1 : key;
  }

  public static long address(long ordinal, int page) {
    return ordinal << PAGE_BITS | page;
  }

  public static long ordinalOf(long address) {
    return address >>> PAGE_BITS;
  }

  public static int pageOf(long address) {
    return (int) (address & (1 << PAGE_BITS) - 1);
  }

  /** Opens the index, or returns null when there is none that is whole. */
  public static PageIndex open(Path path, boolean writable) {
    try {
      PageTable table = PageTable.map(path, writable);
      return table == null ? null : new PageIndex(path, writable, table);
    } catch (IOException e) {
      throw new BlkshException("open page index " + path, IoFailure.reason(e), e);
    }
  }

  /** Makes an empty index in place of any other. */
  static PageIndex create(Path path) {
    try (PageIndexBuilder builder = new PageIndexBuilder(path, 1)) {
      return builder.finish();
    } catch (IOException e) {
      throw new BlkshException("make page index " + path, IoFailure.reason(e), e);
    }
  }

  /** Slots of a table that holds so many pages. */
  static long slotsFor(long pages) {
    long slots = FIRST_SLOTS;
    while (slots * 7 / 10 < pages) {
      slots *= 2;
    }
    return slots;
  }

  static long newGeneration() {
    return RANDOM.nextLong();
  }

  /** Differs between indexes that give packs different ordinals. */
  public long generation() {
    return table.generation;
  }

  /**
   * Whether it is of the same time as a list of packs, which is durable before their pages are
   * entered: an older copy lacks pages of packs that the list has as entered.
   *
   * @param entered the highest ordinal of a pack whose pages are entered, 0 when there is none
   * @param known the highest ordinal ever given; asked for after what was entered is known here
   */
  public boolean isOfTheTimeOf(long entered, LongSupplier known) {
    long past = table.past();
    return !table.notesPast() || entered < past && past - 1 <= known.getAsLong();
  }

  /** Slots in use. */
  public long used() {
    return table.used();
  }

  long slots() {
    return table.slots;
  }

  /** Decides whether an address is the one looked for. */
  public interface Candidate {
    boolean matches(long address);
  }

  /** The first address under the key that the candidate test accepts, or -1. */
  public long find(long key, Candidate candidate) {
    PageTable t = table;
    long mask = t.slots - 1;
    long slot = t.home(key);
    for (long probes = 0; probes < t.slots; probes++) {
      long found = t.key(slot);
      if (found == 0) {
        return -1;
      }
      if (found == key) {
        long address = t.address(slot);
        if (candidate.matches(address)) {
          return address;
        }
      }
      slot = slot + 1 & mask;
    }
    return -1;
  }

  /** Sees every slot in use. */
  public interface SlotVisitor {
    void slot(long slot, long key, long address);
  }

  public void forEach(SlotVisitor visitor) {
    PageTable t = table;
    for (long slot = 0; slot < t.slots; slot++) {
      long key = t.key(slot);
      if (key != 0) {
        visitor.slot(slot, key, t.address(slot));
      }
    }
  }

  /** Adds one page, which is not in it. The caller holds the store's index lock. */
  public void add(long key, long address) throws IOException {
    refresh();
    reserve(1);
    table.unfinished(true);
    table.used(table.used() + Math.max(0, table.insert(key, address)));
    table.unfinished(false);
  }

  /** Adds the pages of a pack. The caller holds the store's index lock. */
  public void addAll(long ordinal, byte[] digests, int pages) throws IOException {
    refresh();
    if (table.unfinished()) {
      table.used(table.recount()); // whoever was adding died before it could count
    }
    reserve(pages);
    if (!add(table, ordinal, digests, pages)) {
      table.used(table.recount()); // it held more than it said
      reserve(pages);
      add(table, ordinal, digests, pages);
    }
    table.past(Math.max(table.past(), ordinal + 1));
  }

  /** Adds the pages of a pack; false when there was no room for all. */
  private static boolean add(PageTable t, long ordinal, byte[] digests, int pages) {
    t.unfinished(true);
    long used = t.used();
    for (int page = 0; page < pages; page++) {
      if (!isDropped(digests, page * Page.DIGEST)) {
        int added = t.insert(keyOf(digests, page * Page.DIGEST), address(ordinal, page));
        if (added < 0) {
          return false;
        }
        used += added;
      }
    }
    t.used(used);
    t.unfinished(false);
    return true;
  }

  /** Whether all is zero that must be: what no field and no entry has. */
  public boolean isClearElsewhere() {
    PageTable t = table;
    if (!t.isHeaderClear()) {
      return false;
    }
    for (long slot = 0; slot < t.slots; slot++) {
      if (t.key(slot) == 0 && t.address(slot) != 0) {
        return false;
      }
    }
    return true;
  }

  /** Whether somebody was adding entries and has not ended, alive or dead. */
  public boolean unfinished() {
    return table.unfinished();
  }

  private static boolean isDropped(byte[] digests, int at) {
    return Page.isZero(digests, at, Page.DIGEST);
  }

  /**
   * Takes one page out, so that the next capture of it stores it again. The caller holds the
   * store's index lock.
   */
  public void remove(long key, long address) throws IOException {
    refresh();
    removeNow(key, address);
  }

  /** As {@link #remove}, of pages of one pack, each by its key and its number. */
  public void removeAll(long ordinal, long[] keys, int[] pages) throws IOException {
    refresh();
    for (int i = 0; i < keys.length; i++) {
      removeNow(keys[i], address(ordinal, pages[i]));
    }
  }

  private void removeNow(long key, long address) {
    PageTable t = table;
    long mask = t.slots - 1;
    long slot = t.home(key);
    for (long probes = 0; probes < t.slots && t.key(slot) != 0; probes++) {
      if (t.key(slot) == key && t.address(slot) == address) {
        // The slot stays taken, so that what was put behind it is still found; ordinal 0 is no
        // pack.
        t.put(slot, key, REMOVED);
        return;
      }
      slot = slot + 1 & mask;
    }
  }

  /** Whether a page was taken out under a key and its slot is still marked. */
  public boolean wasRemoved(long key) {
    return find(key, address -> address == REMOVED) >= 0;
  }

  /**
   * Puts a page back that was taken out: it was found sound again. The caller holds the store's
   * index lock.
   *
   * @return false when there is no mark of it
   */
  public boolean putBack(long key, long address) throws IOException {
    refresh();
    PageTable t = table;
    long mask = t.slots - 1;
    long slot = t.home(key);
    for (long probes = 0; probes < t.slots && t.key(slot) != 0; probes++) {
      if (t.key(slot) == key && t.address(slot) == REMOVED) {
        t.put(slot, key, address);
        return true;
      }
      slot = slot + 1 & mask;
    }
    return false;
  }

  /** Follows the file when another process has replaced it by a larger one. */
  private void refresh() throws IOException {
    if (!writable) {
      throw new IOException("the store is read-only");
    }
    Object now = Files.readAttributes(path, "unix:ino").get("ino");
    if (!now.equals(table.fileKey)) {
      PageTable fresh = PageTable.map(path, true);
      if (fresh == null) {
        throw new IOException("pages.idx was replaced by something else; run reindex");
      }
      table = fresh;
    }
  }

  private void reserve(long more) throws IOException {
    PageTable t = table;
    if (slotsFor(t.used() + more) <= t.slots) {
      return;
    }
    // What was taken out counts as used, and is left out now: where much was it need not grow.
    long living = living(t);
    long slots =
        living + more <= t.slots / 2 ? t.slots : Math.max(2 * t.slots, slotsFor(living + more));
    PartFile fresh = PageTable.fresh(path, t.generation, slots, Math.max(1, t.past()));
    boolean whole = false;
    PageTable larger;
    try {
      larger = PageTable.map(fresh.path(), true);
      long used = 0;
      for (long slot = 0; slot < t.slots; slot++) {
        long key = t.key(slot);
        if (key != 0 && t.address(slot) != 0) {
          used += larger.insert(key, t.address(slot));
        }
      }
      larger.used(used);
      whole = true;
    } finally {
      if (!whole) {
        fresh.discard();
      }
    }
    publish(fresh, path);
    table = larger;
  }

  private static long living(PageTable t) {
    long count = 0;
    for (long slot = 0; slot < t.slots; slot++) {
      count += t.key(slot) != 0 && t.address(slot) != REMOVED ? 1 : 0;
    }
    return count;
  }

  /** Nothing of an index need outlive a power cut: it is made again. */
  static void publish(PartFile fresh, Path path) throws IOException {
    boolean published = false;
    try {
      fresh.publish(path, PartFile.Durability.WHOLE);
      published = true;
    } finally {
      if (!published) {
        fresh.discard();
      }
    }
  }

  @Override
  public void close() {
    table = null;
  }
}
