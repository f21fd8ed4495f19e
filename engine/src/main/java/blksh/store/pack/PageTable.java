package blksh.store.pack;

import blksh.io.Checksum;
import blksh.io.LittleEndian;
import blksh.io.OpenFile;
import blksh.io.PartFile;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The hash table of a {@link PageIndex}: one version of its file, mapped. It never grows; a larger
 * one takes its place.
 */
final class PageTable {

  private static final long MAGIC = 0x5844494741504B42L; // "BKPAGIDX"

  /** Bytes before the first slot. */
  static final int HEADER = 4096;

  /** Bytes of a slot. */
  static final int SLOT = 16;

  /** Longs in a mapping: 1 GiB. */
  private static final int SEGMENT_BITS = 27;

  private static final int SEGMENT_MASK = (1 << SEGMENT_BITS) - 1;

  private static final int GENERATION_AT = 1;
  private static final int SLOTS_AT = 2;
  private static final int USED_AT = 3;
  private static final int CHECKSUM_AT = 4;
  private static final int UNFINISHED_AT = 5;
  private static final int PAST_AT = 6;

  /** Tells a number that is noted, and whole, from none. */
  private static final long NOTED = 1L << 63;

  final Object fileKey;
  final long generation;
  final long slots;
  private final int shift;
  private final LongBuffer header;
  private final LongBuffer[] segments;

  private PageTable(Object fileKey, LongBuffer header, LongBuffer[] segments) {
    this.fileKey = fileKey;
    this.header = header;
    this.segments = segments;
    this.generation = header.get(GENERATION_AT);
    this.slots = header.get(SLOTS_AT);
    this.shift = shift(slots);
  }

  /** How far a key is shifted to the right to give its slot. */
  static int shift(long slots) {
    return 64 - Long.numberOfTrailingZeros(slots);
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

  /** Whether it notes {@link #past}, as one of an older blksh does not. */
  boolean notesPast() {
    return header.get(PAST_AT) != 0;
  }

  /** One more than the highest ordinal entered; negative when that is damaged, or not noted. */
  long past() {
    return header.get(PAST_AT) ^ NOTED;
  }

  void past(long ordinal) {
    header.put(PAST_AT, ordinal | NOTED);
  }

  /** Whether the bytes of the header that have no meaning are zero. */
  boolean isHeaderClear() {
    boolean clear = header.get(CHECKSUM_AT) >>> 32 == 0 && header.get(UNFINISHED_AT) >>> 1 == 0;
    for (int at = PAST_AT + 1; at < HEADER / 8; at++) {
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

  /** Slots newly taken: 1, 0 when the entry is there, -1 when the table is full. */
  int insert(long key, long address) {
    long mask = slots - 1;
    long slot = home(key);
    for (long probes = 0; probes < slots; probes++) {
      long found = key(slot);
      if (found == 0) {
        put(slot, key, address);
        return 1;
      }
      if (found == key && address(slot) == address) {
        return 0;
      }
      slot = slot + 1 & mask;
    }
    return -1;
  }

  /** Makes one without slots, in a file of another name. */
  static PartFile begin(Path path, long generation, long slots, long past) throws IOException {
    byte[] header = new byte[HEADER];
    LittleEndian.putI64(header, 0, MAGIC);
    LittleEndian.putI64(header, 8, generation);
    LittleEndian.putI64(header, 16, slots);
    LittleEndian.putI32(header, 32, Checksum.of(header, 0, 24));
    LittleEndian.putI64(header, 8 * PAST_AT, past | NOTED);
    PartFile part = PartFile.await(path.resolveSibling(path.getFileName() + ".new"));
    boolean begun = false;
    try {
      part.file().write(0, header, 0, HEADER);
      begun = true;
      return part;
    } finally {
      if (!begun) {
        part.discard(); // its space is needed
      }
    }
  }

  /** Makes an empty one, in a file of another name. */
  static PartFile fresh(Path path, long generation, long slots, long past) throws IOException {
    PartFile fresh = begin(path, generation, slots, past);
    boolean whole = false;
    try {
      // Real zeros, not a hole: a store on a full disk must fail here and not in mapped memory.
      byte[] zeros = new byte[1 << 18];
      for (long at = 0; at < slots * SLOT; at += zeros.length) {
        fresh.file().write(HEADER + at, zeros, 0, zeros.length);
      }
      whole = true;
      return fresh;
    } finally {
      if (!whole) {
        fresh.discard();
      }
    }
  }

  /** Maps a file, or returns null when it is not whole or there is none. */
  static PageTable map(Path path, boolean writable) throws IOException {
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
      return new PageTable(fileKey, header, segments);
    }
  }

  private static LongBuffer longs(ByteBuffer bytes) {
    return bytes.order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
  }
}
