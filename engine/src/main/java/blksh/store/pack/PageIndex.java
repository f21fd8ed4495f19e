package blksh.store.pack;

import blksh.BlkshException;
import blksh.io.Checksum;
import blksh.io.IoFailure;
import blksh.io.LittleEndian;
import blksh.io.OpenFile;
import blksh.io.PartFile;
import java.io.Closeable;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;

/**
 * {@code pages.idx}: from the first eight bytes of a page's digest to where a page that begins so
 * is stored. A hint, never a proof: whoever follows it compares the whole digest with the pack's,
 * so a slot that is lost or wrong costs space and nothing else.
 *
 * <p>A memory-mapped open-addressing hash table of 16-byte slots, shared by all processes. A slot's
 * place is the top bits of its key, so doubling the table is one pass in order. Changes are made
 * under the store's index lock; lookups take no lock: a slot's address is written before its key.
 *
 * <pre>
 *   0  "BKPAGIDX"    8  u64 generation    16  u64 slots, a power of two    24  u64 slots used
 *  32  u32 CRC-32C of bytes 0 to 23      40  u64 1 while entries are being added
 *  4096  slots: u64 key (0: empty), u64 address (0: removed)
 *  address: pack ordinal (see index.db) in the high 40 bits, page number in the low 24
 * </pre>
 */
public final class PageIndex implements Closeable {

  private static final long MAGIC = 0x5844494741504B42L; // "BKPAGIDX"
  static final int HEADER = 4096;
  static final int SLOT = 16;

  /** The address in a slot whose page was taken out. */
  private static final long REMOVED = 0;

  private static final int PAGE_BITS = 24;
  private static final long FIRST_SLOTS = 1 << 14;
  private static final int SEGMENT_BITS = 27; // longs in a mapping: 1 GiB
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path path;
  private final boolean writable;
  private volatile Table table;

  /** One version of the file, mapped. */
  private static final class Table {
    private static final int GENERATION_AT = 1;
    private static final int SLOTS_AT = 2;
    private static final int USED_AT = 3;
    private static final int CHECKSUM_AT = 4;
    private static final int UNFINISHED_AT = 5;

    final Object fileKey;
    final long generation;
    final long slots;
    private final int shift;
    private final LongBuffer header;
    private final LongBuffer[] segments;

    Table(Object fileKey, LongBuffer header, LongBuffer[] segments) {
      this.fileKey = fileKey;
      this.header = header;
      this.segments = segments;
      this.generation = header.get(GENERATION_AT);
      this.slots = header.get(SLOTS_AT);
      this.shift = 64 - Long.numberOfTrailingZeros(slots);
    }

    long home(long key) {
      return key >>> shift;
    }

    long key(long slot) {
      long at = 2 * slot;
      return segments[(int) (at >>> SEGMENT_BITS)].get((int) at & SEGMENT_MASK);
    }

    /** Of a slot whose key was read before. */
    long address(long slot) {
      VarHandle.loadLoadFence();
      long at = 2 * slot + 1;
      return segments[(int) (at >>> SEGMENT_BITS)].get((int) at & SEGMENT_MASK);
    }

    void put(long slot, long key, long address) {
      long at = 2 * slot;
      LongBuffer segment = segments[(int) (at >>> SEGMENT_BITS)];
      segment.put((int) (at + 1) & SEGMENT_MASK, address);
      VarHandle.storeStoreFence();
      segment.put((int) at & SEGMENT_MASK, key);
    }

    long used() {
      return header.get(USED_AT);
    }

    void used(long count) {
      header.put(USED_AT, count);
    }

    boolean unfinished() {
      return header.get(UNFINISHED_AT) != 0;
    }

    void unfinished(boolean adding) {
      VarHandle.fullFence();
      header.put(UNFINISHED_AT, adding ? 1 : 0);
      VarHandle.fullFence();
    }

    /** Whether the bytes of the header that have no meaning are zero. */
    boolean isHeaderClear() {
      boolean clear = header.get(CHECKSUM_AT) >>> 32 == 0 && header.get(UNFINISHED_AT) >>> 1 == 0;
      for (int at = UNFINISHED_AT + 1; at < HEADER / 8; at++) {
        clear &= header.get(at) == 0;
      }
      return clear;
    }

    long recount() {
      long count = 0;
      for (long slot = 0; slot < slots; slot++) {
        count += key(slot) == 0 ? 0 : 1;
      }
      return count;
    }
  }

  private static final int SEGMENT_MASK = (1 << SEGMENT_BITS) - 1;

  private PageIndex(Path path, boolean writable, Table table) {
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

  static long ordinalOf(long address) {
    return address >>> PAGE_BITS;
  }

  static int pageOf(long address) {
    return (int) (address & (1 << PAGE_BITS) - 1);
  }

  /** Opens the index, or returns null when there is none that is whole. */
  public static PageIndex open(Path path, boolean writable) {
    try {
      Table table = map(path, writable);
      return table == null ? null : new PageIndex(path, writable, table);
    } catch (IOException e) {
      throw new BlkshException("open page index " + path, IoFailure.reason(e), e);
    }
  }

  /** Makes an empty index in place of any other, with room for {@code pages}. */
  public static PageIndex create(Path path, long pages) {
    try {
      long slots = FIRST_SLOTS;
      while (slots * 7 / 10 < pages) {
        slots *= 2;
      }
      publish(freshFile(path, RANDOM.nextLong(), slots), path);
      return new PageIndex(path, true, map(path, true));
    } catch (IOException e) {
      throw new BlkshException("make page index " + path, IoFailure.reason(e), e);
    }
  }

  /** Nothing of an index need outlive a power cut: it is made again. */
  private static void publish(PartFile fresh, Path path) throws IOException {
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

  private static PartFile freshFile(Path path, long generation, long slots) throws IOException {
    byte[] header = new byte[HEADER];
    LittleEndian.putI64(header, 0, MAGIC);
    LittleEndian.putI64(header, 8, generation);
    LittleEndian.putI64(header, 16, slots);
    LittleEndian.putI32(header, 32, Checksum.of(header, 0, 24));
    PartFile fresh = PartFile.await(path.resolveSibling(path.getFileName() + ".new"));
    boolean whole = false;
    try {
      fresh.file().write(0, header, 0, HEADER);
      // Real zeros, not a hole: a store on a full disk must fail here and not in mapped memory.
      byte[] zeros = new byte[1 << 18];
      for (long at = 0; at < slots * SLOT; at += zeros.length) {
        fresh.file().write(HEADER + at, zeros, 0, zeros.length);
      }
      whole = true;
      return fresh;
    } finally {
      if (!whole) {
        fresh.discard(); // its space is needed
      }
    }
  }

  private static Table map(Path path, boolean writable) throws IOException {
    if (!Files.isRegularFile(path)) {
      return null;
    }
    FileChannel.MapMode mode =
        writable ? FileChannel.MapMode.READ_WRITE : FileChannel.MapMode.READ_ONLY;
    OpenFile.Use use = writable ? OpenFile.Use.WRITE : OpenFile.Use.READ;
    try (OpenFile file = OpenFile.open(path, use, OpenFile.WhenInterrupted.FINISH)) {
      long size = file.size();
      if (size < HEADER) {
        return null;
      }
      byte[] head = new byte[40];
      file.readFully(0, head, 0, head.length);
      long slots = LittleEndian.i64(head, 16);
      long used = LittleEndian.i64(head, 24);
      if (LittleEndian.i64(head, 0) != MAGIC
          || LittleEndian.i32(head, 32) != Checksum.of(head, 0, 24)
          || Long.bitCount(slots) != 1
          || size != HEADER + slots * SLOT
          || used < 0
          || used > slots) {
        return null;
      }
      Object fileKey = Files.readAttributes(path, "unix:ino").get("ino");
      LongBuffer header = longs(file.map(mode, 0, HEADER));
      long bytes = slots * SLOT;
      long segment = 8L << SEGMENT_BITS;
      LongBuffer[] segments = new LongBuffer[(int) ((bytes + segment - 1) / segment)];
      for (int i = 0; i < segments.length; i++) {
        long from = i * segment;
        segments[i] = longs(file.map(mode, HEADER + from, Math.min(bytes - from, segment)));
      }
      return new Table(fileKey, header, segments);
    }
  }

  private static LongBuffer longs(ByteBuffer bytes) {
    return bytes.order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
  }

  /** Differs between indexes that give packs different ordinals. */
  public long generation() {
    return table.generation;
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
    Table t = table;
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
    Table t = table;
    for (long slot = 0; slot < t.slots; slot++) {
      long key = t.key(slot);
      if (key != 0) {
        visitor.slot(slot, key, t.address(slot));
      }
    }
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
  }

  /** Adds the pages of a pack; false when there was no room for all. */
  private static boolean add(Table t, long ordinal, byte[] digests, int pages) {
    t.unfinished(true);
    long used = t.used();
    for (int page = 0; page < pages; page++) {
      if (!isDropped(digests, page * Page.DIGEST)) {
        int added = insert(t, keyOf(digests, page * Page.DIGEST), address(ordinal, page));
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
    Table t = table;
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

  /** Slots newly taken: 1, 0 when the entry is there, -1 when the table is full. */
  private static int insert(Table t, long key, long address) {
    long mask = t.slots - 1;
    long slot = t.home(key);
    for (long probes = 0; probes < t.slots; probes++) {
      long found = t.key(slot);
      if (found == 0) {
        t.put(slot, key, address);
        return 1;
      }
      if (found == key && t.address(slot) == address) {
        return 0;
      }
      slot = slot + 1 & mask;
    }
    return -1;
  }

  /**
   * Takes one page out, so that the next capture of it stores it again. The caller holds the
   * store's index lock.
   */
  public void remove(long key, long address) throws IOException {
    refresh();
    Table t = table;
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
    Table t = table;
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
      Table fresh = map(path, true);
      if (fresh == null) {
        throw new IOException("pages.idx was replaced by something else; run reindex");
      }
      table = fresh;
    }
  }

  private void reserve(long more) throws IOException {
    Table t = table;
    long slots = t.slots;
    while ((t.used() + more) * 10 > slots * 7) {
      slots *= 2;
    }
    if (slots == t.slots) {
      return;
    }
    PartFile fresh = freshFile(path, t.generation, slots);
    boolean published = false;
    try {
      Table larger = map(fresh.path(), true);
      long used = 0;
      for (long slot = 0; slot < t.slots; slot++) {
        long key = t.key(slot);
        if (key != 0 && t.address(slot) != 0) {
          used += insert(larger, key, t.address(slot));
        }
      }
      larger.used(used);
      fresh.publish(path, PartFile.Durability.WHOLE);
      published = true;
      table = larger;
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
