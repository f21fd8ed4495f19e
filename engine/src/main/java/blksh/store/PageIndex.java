package blksh.store;

import blksh.BlkshException;
import java.io.Closeable;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
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
final class PageIndex implements Closeable {

  private static final long MAGIC = 0x5844494741504B42L; // "BKPAGIDX"
  static final int HEADER = 4096;
  static final int SLOT = 16;
  private static final int PAGE_BITS = 24;
  private static final long FIRST_SLOTS = 1 << 14;
  private static final int SEGMENT_BITS = 30;
  private static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path path;
  private final boolean writable;
  private volatile Table table;

  /** One version of the file, mapped. */
  private static final class Table {
    final Object fileKey;
    final long generation;
    final long slots;
    final ByteBuffer header;
    final ByteBuffer[] segments;

    Table(Object fileKey, ByteBuffer header, ByteBuffer[] segments) {
      this.fileKey = fileKey;
      this.header = header;
      this.segments = segments;
      this.generation = (long) LONG.get(header, 8);
      this.slots = (long) LONG.get(header, 16);
    }

    long home(long key) {
      int bits = Long.numberOfTrailingZeros(slots);
      return key >>> (64 - bits);
    }

    long key(long slot) {
      long at = slot * SLOT;
      return (long)
          LONG.getAcquire(segments[(int) (at >>> SEGMENT_BITS)], (int) (at & SEGMENT_MASK));
    }

    long address(long slot) {
      long at = slot * SLOT + 8;
      return (long) LONG.get(segments[(int) (at >>> SEGMENT_BITS)], (int) (at & SEGMENT_MASK));
    }

    void put(long slot, long key, long address) {
      long at = slot * SLOT;
      ByteBuffer segment = segments[(int) (at >>> SEGMENT_BITS)];
      LONG.set(segment, (int) (at & SEGMENT_MASK) + 8, address);
      LONG.setRelease(segment, (int) (at & SEGMENT_MASK), key);
    }

    long used() {
      return (long) LONG.get(header, 24);
    }

    void used(long count) {
      LONG.set(header, 24, count);
    }

    boolean unfinished() {
      return (long) LONG.get(header, 40) != 0;
    }

    void unfinished(boolean adding) {
      LONG.setVolatile(header, 40, adding ? 1L : 0L);
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
  static long keyOf(byte[] digest, int at) {
    long key = Long.reverseBytes(LittleEndian.i64(digest, at));
    return key == 0 ? 1 : key;
  }

  static long address(long ordinal, int page) {
    return ordinal << PAGE_BITS | page;
  }

  static long ordinalOf(long address) {
    return address >>> PAGE_BITS;
  }

  static int pageOf(long address) {
    return (int) (address & (1 << PAGE_BITS) - 1);
  }

  /** Opens the index, or returns null when there is none that is whole. */
  static PageIndex open(Path path, boolean writable) {
    try {
      Table table = map(path, writable);
      return table == null ? null : new PageIndex(path, writable, table);
    } catch (IOException e) {
      throw new BlkshException("open page index " + path, Bytes.reason(e), e);
    }
  }

  /** Makes an empty index in place of any other, with room for {@code pages}. */
  static PageIndex create(Path path, long pages) {
    try {
      long slots = FIRST_SLOTS;
      while (slots * 7 / 10 < pages) {
        slots *= 2;
      }
      Path fresh = freshFile(path, RANDOM.nextLong(), slots);
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return new PageIndex(path, true, map(path, true));
    } catch (IOException e) {
      throw new BlkshException("make page index " + path, Bytes.reason(e), e);
    }
  }

  private static Path freshFile(Path path, long generation, long slots) throws IOException {
    Path fresh = path.resolveSibling(path.getFileName() + ".new");
    byte[] header = new byte[HEADER];
    LittleEndian.putI64(header, 0, MAGIC);
    LittleEndian.putI64(header, 8, generation);
    LittleEndian.putI64(header, 16, slots);
    LittleEndian.putI32(header, 32, Checksum.of(header, 0, 24));
    try (FileChannel channel =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      Bytes.writeAt(channel, 0, header, 0, HEADER);
      // Real zeros, not a hole: a store on a full disk must fail here and not in mapped memory.
      byte[] zeros = new byte[1 << 18];
      for (long at = 0; at < slots * SLOT; at += zeros.length) {
        Bytes.writeAt(channel, HEADER + at, zeros, 0, zeros.length);
      }
    }
    return fresh;
  }

  private static Table map(Path path, boolean writable) throws IOException {
    if (!Files.isRegularFile(path)) {
      return null;
    }
    FileChannel.MapMode mode =
        writable ? FileChannel.MapMode.READ_WRITE : FileChannel.MapMode.READ_ONLY;
    try (FileChannel channel =
        writable
            ? FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)
            : FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size < HEADER) {
        return null;
      }
      byte[] head = new ReadOnlyFile(path, channel).read(0, 40);
      long slots = LittleEndian.i64(head, 16);
      if (LittleEndian.i64(head, 0) != MAGIC
          || LittleEndian.i32(head, 32) != Checksum.of(head, 0, 24)
          || Long.bitCount(slots) != 1
          || size != HEADER + slots * SLOT) {
        return null;
      }
      Object fileKey = Files.readAttributes(path, "unix:ino").get("ino");
      MappedByteBuffer header = channel.map(mode, 0, HEADER);
      long bytes = slots * SLOT;
      ByteBuffer[] segments = new ByteBuffer[(int) ((bytes + SEGMENT_MASK) >>> SEGMENT_BITS)];
      for (int i = 0; i < segments.length; i++) {
        long from = (long) i << SEGMENT_BITS;
        segments[i] = channel.map(mode, HEADER + from, Math.min(bytes - from, 1L << SEGMENT_BITS));
      }
      return new Table(fileKey, header, segments);
    }
  }

  /** Differs between indexes that give packs different ordinals. */
  long generation() {
    return table.generation;
  }

  /** Slots in use. */
  long used() {
    return table.used();
  }

  long slots() {
    return table.slots;
  }

  /** Decides whether an address is the one looked for. */
  interface Candidate {
    boolean matches(long address);
  }

  /** The first address under the key that the candidate test accepts, or -1. */
  long find(long key, Candidate candidate) {
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
  interface SlotVisitor {
    void slot(long slot, long key, long address);
  }

  void forEach(SlotVisitor visitor) {
    Table t = table;
    for (long slot = 0; slot < t.slots; slot++) {
      long key = t.key(slot);
      if (key != 0) {
        visitor.slot(slot, key, t.address(slot));
      }
    }
  }

  /** Adds the pages of a pack. The caller holds the store's index lock. */
  void addAll(long ordinal, byte[] digests, int pages) throws IOException {
    refresh();
    if (table.unfinished()) {
      table.used(table.recount()); // whoever was adding died before it could count
    }
    reserve(pages);
    Table t = table;
    t.unfinished(true);
    long used = t.used();
    for (int page = 0; page < pages; page++) {
      if (!isDropped(digests, page * Page.DIGEST)) {
        used += insert(t, keyOf(digests, page * Page.DIGEST), address(ordinal, page));
      }
    }
    t.used(used);
    t.unfinished(false);
  }

  /** Whether somebody was adding entries and has not ended, alive or dead. */
  boolean unfinished() {
    return table.unfinished();
  }

  private static boolean isDropped(byte[] digests, int at) {
    return Page.isZero(digests, at, Page.DIGEST);
  }

  private static int insert(Table t, long key, long address) {
    long mask = t.slots - 1;
    long slot = t.home(key);
    while (true) {
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
  }

  /**
   * Takes one page out, so that the next capture of it stores it again. The caller holds the
   * store's index lock.
   */
  void remove(long key, long address) throws IOException {
    refresh();
    Table t = table;
    long mask = t.slots - 1;
    long slot = t.home(key);
    for (long probes = 0; probes < t.slots && t.key(slot) != 0; probes++) {
      if (t.key(slot) == key && t.address(slot) == address) {
        // The slot stays taken, so that what was put behind it is still found; ordinal 0 is no
        // pack.
        t.put(slot, key, 0);
        return;
      }
      slot = slot + 1 & mask;
    }
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
    Path fresh = freshFile(path, t.generation, slots);
    Table larger = map(fresh, true);
    long used = 0;
    for (long slot = 0; slot < t.slots; slot++) {
      long key = t.key(slot);
      if (key != 0 && t.address(slot) != 0) {
        used += insert(larger, key, t.address(slot));
      }
    }
    larger.used(used);
    Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    table = larger;
  }

  @Override
  public void close() {
    table = null;
  }
}
