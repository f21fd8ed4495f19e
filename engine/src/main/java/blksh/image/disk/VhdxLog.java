package blksh.image.disk;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.filesystem.Structure;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * What is in the log of a VHDX that was not closed and may not have reached its place yet
 * ([MS-VHDX], section 2.3): entries in a ring, of which the newest unbroken sequence is written
 * over the file. Here that is done in memory, and the file is left as it is.
 */
final class VhdxLog {

  /** Bytes of a sector of the log, the unit of all that is in it. */
  private static final int SECTOR = 4096;

  private static final int HEADER = 64;
  private static final int DESCRIPTOR = 32;

  /** Bytes of the largest file: a disk has 64 TiB at most. */
  private static final long LARGEST_FILE = 1L << 47;

  /** The largest log that is held in memory. */
  private static final int LARGEST = 16 << 20;

  /** Bytes of a sector that stand in its descriptor, at its beginning and its end. */
  private static final int LEADING = 8;

  private static final int TRAILING = 4;

  private final String action;
  private final String identifier;
  private final byte[] ring;
  private final Structure log;

  /** What begins at each sector of the ring, or null. */
  private final Entry[] entries;

  /** An entry: its place in the ring, and what of it is needed to find the ones after it. */
  private record Entry(int at, int length, long sequence, int tail) {}

  private VhdxLog(String action, String identifier, byte[] ring) {
    this.action = action;
    this.identifier = identifier;
    this.ring = ring;
    this.log = Structure.of(ring);
    this.entries = new Entry[ring.length / SECTOR];
    for (int i = 0; i < entries.length; i++) {
      entries[i] = entry(i * SECTOR);
    }
  }

  /**
   * A file with what its log holds written over it.
   *
   * @param header that counts
   * @throws UnsupportedDiskException when the log is larger than is held in memory
   * @throws DiskDamageException when no sequence of it is whole
   */
  static BlockSource replayed(BlockSource file, Structure header, String action) {
    long length = header.u32(68);
    long offset = header.i64(72);
    if (header.u16(64) != 0 || length > LARGEST) {
      throw new UnsupportedDiskException(
              action,
              "it was not closed, and its log, of version %d and %d bytes, is not read"
                  .formatted(header.u16(64), length))
          .suggest("attach it once where it was used");
    }
    if (length == 0 || length % SECTOR != 0 || offset <= 0 || offset > file.size() - length) {
      throw new DiskDamageException(
              action, "its log lies outside the file: %d bytes at %d".formatted(length, offset))
          .at(64);
    }
    byte[] ring = new byte[(int) length];
    file.read(offset, ByteBuffer.wrap(ring));
    VhdxLog log = new VhdxLog(action, VhdxHeader.identifier(header, 48), ring);
    return log.replay(file, log.sequence(offset));
  }

  /** The entries to be replayed, in order: of all sequences without a gap the newest. */
  private List<Entry> sequence(long offset) {
    List<Entry> newest = List.of();
    for (int start = 0; start < ring.length; ) {
      List<Entry> sequence = from(start);
      start += SECTOR;
      if (sequence.isEmpty()) {
        continue;
      }
      Entry head = sequence.get(sequence.size() - 1);
      start = Math.max(start, sequence.get(0).at() + sequence.get(0).length());
      int first = 0;
      while (first < sequence.size() && sequence.get(first).at() != head.tail()) {
        first++;
      }
      boolean newer =
          newest.isEmpty() || head.sequence() > newest.get(newest.size() - 1).sequence();
      if (first < sequence.size() && newer) {
        newest = sequence.subList(first, sequence.size());
      }
    }
    if (newest.isEmpty()) {
      throw new DiskDamageException(
              action, "it was not closed, and no sequence of entries in its log is whole")
          .at(offset);
    }
    return newest;
  }

  private List<Entry> from(int start) {
    List<Entry> found = new ArrayList<>();
    int left = ring.length;
    Entry entry = entries[start / SECTOR];
    while (entry != null) {
      boolean follows =
          found.isEmpty() || entry.sequence() == found.get(found.size() - 1).sequence() + 1;
      left -= entry.length();
      if (!follows || left < 0) {
        break;
      }
      found.add(entry);
      entry = entries[(entry.at() + entry.length()) % ring.length / SECTOR];
    }
    return found;
  }

  /** The entry at a place, or null when none that is whole is there. */
  private Entry entry(int at) {
    long length = log.u32(at + 8);
    boolean sound =
        log.has(at, "loge")
            && length >= SECTOR
            && length % SECTOR == 0
            && length <= ring.length
            && log.u32(at + 12) < ring.length
            && VhdxHeader.identifier(log, at + 32).equals(identifier);
    if (!sound) {
      return null;
    }
    CRC32C crc = new CRC32C();
    byte[] first = log.bytes(at, SECTOR);
    Structure.of(first).putI32(4, 0);
    crc.update(first);
    for (int i = SECTOR; i < length; i += SECTOR) {
      crc.update(ring, (at + i) % ring.length, SECTOR);
    }
    return (int) crc.getValue() == log.i32(at + 4)
        ? new Entry(at, (int) length, log.i64(at + 16), (int) log.u32(at + 12))
        : null;
  }

  private BlockSource replay(BlockSource file, List<Entry> entries) {
    VhdxReplayed replayed = new VhdxReplayed(file);
    long flushed = log.i64(entries.get(entries.size() - 1).at() + 48);
    if (flushed > file.size()) {
      throw new DiskDamageException(
              action, "it has %d bytes, and its log knows %d".formatted(file.size(), flushed))
          .suggest("fetch it again; it was cut short");
    }
    for (Entry entry : entries) {
      long count = log.u32(entry.at() + 24);
      int head = (int) ((HEADER + count * DESCRIPTOR + SECTOR - 1) / SECTOR) * SECTOR;
      int data = head;
      if (count > entry.length() / DESCRIPTOR || head > entry.length()) {
        throw damaged(entry, "has %d descriptors".formatted(count));
      }
      for (int i = 0; i < count; i++) {
        int at = (entry.at() + HEADER + i * DESCRIPTOR) % ring.length;
        long offset = log.i64(at + 16);
        if (log.i64(at + 24) != entry.sequence()
            || offset < 0
            || offset > LARGEST_FILE
            || offset % SECTOR != 0) {
          throw damaged(entry, "has a descriptor that cannot be");
        }
        if (log.has(at, "zero")) {
          long length = log.i64(at + 8);
          if (length <= 0 || length > LARGEST_FILE) {
            throw damaged(entry, "clears %d bytes".formatted(length));
          }
          replayed.put(offset, length, null);
        } else if (log.has(at, "desc") && data < entry.length()) {
          replayed.put(offset, SECTOR, sector(entry, at, (entry.at() + data) % ring.length));
          data += SECTOR;
        } else {
          throw damaged(entry, "has a descriptor that is none");
        }
      }
      long end = log.i64(entry.at() + 56);
      if (end < 0 || end > LARGEST_FILE) {
        throw damaged(entry, "knows a file of %d bytes".formatted(end));
      }
      replayed.reach(end);
    }
    return replayed;
  }

  /** A sector as it is to be written: without the marks the log puts at its beginning and end. */
  private byte[] sector(Entry entry, int descriptor, int data) {
    long sequence = log.u32(data + 4) << 32 | log.u32(data + SECTOR - TRAILING);
    if (!log.has(data, "data") || sequence != entry.sequence()) {
      throw damaged(entry, "has data that is not its own");
    }
    byte[] sector = log.bytes(data, SECTOR);
    System.arraycopy(ring, descriptor + 8, sector, 0, LEADING);
    System.arraycopy(ring, descriptor + 4, sector, SECTOR - TRAILING, TRAILING);
    return sector;
  }

  private BlkshException damaged(Entry entry, String problem) {
    return new DiskDamageException(
        action,
        "it was not closed, and entry %d of its log %s".formatted(entry.sequence(), problem));
  }
}
