package blksh.filesystem;

import java.nio.ByteOrder;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;

/**
 * The entries of a directory of exFAT that are one file: its first entry, the stream extension, its
 * name in pieces, and others that need not be known, in that order, with a checksum over all
 * (Microsoft, "exFAT file system specification", 6.3 and 7.4 to 7.7). They are put in one by one,
 * as they lie.
 */
final class ExFatEntrySet {

  /** Bytes of an entry. */
  static final int ENTRY = 32;

  /** The kind of entry a set begins with. */
  static final int FILE = 0x85;

  private static final int STREAM = 0xc0;
  private static final int NAME = 0xc1;

  /** What all entries have that somebody who does not know them may pass over. */
  private static final int BENIGN_SECONDARY = 0xe0;

  /** Characters of a name in one entry. */
  private static final int PIECE = 15;

  private static final int MOST_ENTRIES = 19;

  private static final int READ_ONLY = 0x01;
  private static final int DIRECTORY = 0x10;
  private static final int CONTIGUOUS = 0x02;

  private static final int OFFSET_KNOWN = 0x80;
  private static final int OFFSET_MINUTES = 15;

  private final byte[] bytes = new byte[MOST_ENTRIES * ENTRY];
  private int count;
  private int expected;
  private long stream;

  /** Whether a set has begun that is not complete. */
  boolean isOpen() {
    return count > 0 && count < expected;
  }

  boolean isComplete() {
    return count > 0 && count == expected;
  }

  void clear() {
    count = 0;
    expected = 0;
  }

  /** Begins a set. @return false when it cannot be one */
  boolean begin(Structure entry) {
    clear();
    expected = entry.u8(1) + 1;
    if (expected < 3 || expected > MOST_ENTRIES) {
      clear();
      return false;
    }
    add(entry);
    return true;
  }

  /**
   * Takes the next entry of an open set.
   *
   * @param at the byte of the volume it is at
   * @return false when it cannot be the next
   */
  boolean take(Structure entry, long at) {
    int type = entry.u8(0);
    boolean named = count > 2 && (bytes[(count - 1) * ENTRY] & 0xff) == NAME;
    boolean fits =
        switch (count) {
          case 1 -> type == STREAM;
          case 2 -> type == NAME;
          default -> named && type == NAME || (type & BENIGN_SECONDARY) == BENIGN_SECONDARY;
        };
    if (fits) {
      stream = count == 1 ? at : stream;
      add(entry);
    }
    return fits;
  }

  private void add(Structure entry) {
    System.arraycopy(entry.bytes(), 0, bytes, count * ENTRY, ENTRY);
    count++;
  }

  private Structure all() {
    return Structure.of(bytes);
  }

  /** Whether all entries are as they were written. */
  boolean isProven() {
    int sum = 0;
    for (int i = 0; i < count * ENTRY; i++) {
      if (i != 2 && i != 3) {
        sum = ((sum & 1) << 15 | sum >> 1) + (bytes[i] & 0xff) & 0xffff;
      }
    }
    return sum == all().u16(2);
  }

  /** The name of a complete set; empty when it is not whole. */
  String name() {
    int length = all().u8(ENTRY + 3);
    int pieces = 0;
    while (2 + pieces < count && all().u8((2 + pieces) * ENTRY) == NAME) {
      pieces++;
    }
    if (length > pieces * PIECE) {
      return "";
    }
    byte[] name = new byte[pieces * PIECE * 2];
    for (int i = 0; i < pieces; i++) {
      System.arraycopy(bytes, (2 + i) * ENTRY + 2, name, i * PIECE * 2, PIECE * 2);
    }
    return Volume.utf16(name, ByteOrder.LITTLE_ENDIAN).substring(0, length);
  }

  /** What a complete set that is proven names. */
  FileEntry entry(String path) {
    Structure all = all();
    int attributes = all.u16(4);
    boolean directory = (attributes & DIRECTORY) != 0;
    int mode = directory ? 0755 : (attributes & READ_ONLY) != 0 ? 0444 : 0644;
    return new FileEntry(
        path,
        directory ? FileEntry.Kind.DIRECTORY : FileEntry.Kind.FILE,
        Extension.of(Structure.of(all.bytes(ENTRY, ENTRY))).length,
        modified(all),
        mode,
        null,
        stream);
  }

  /** The byte of the stream extension, by which a file is known. */
  long stream() {
    return stream;
  }

  private static Instant modified(Structure all) {
    int time = all.u16(12);
    int date = all.u16(14);
    int hundredths = all.u8(21);
    int offset = all.u8(23);
    try {
      LocalDateTime local =
          LocalDateTime.of(
                  1980 + (date >> 9),
                  date >> 5 & 0xf,
                  date & 0x1f,
                  time >> 11,
                  time >> 5 & 0x3f,
                  (time & 0x1f) * 2)
              .plusNanos(hundredths * 10_000_000L);
      if ((offset & OFFSET_KNOWN) == 0) {
        return local.atZone(ZoneId.systemDefault()).toInstant();
      }
      int quarters = (byte) (offset << 1) >> 1;
      return local.toInstant(ZoneOffset.UTC).minusSeconds(quarters * OFFSET_MINUTES * 60L);
    } catch (DateTimeException noSuchTime) {
      return Instant.EPOCH;
    }
  }

  /**
   * A stream extension: where the contents of a file are.
   *
   * @param contiguous whether its clusters follow each other, and the table says nothing of them
   * @param written bytes from the beginning on that were written; the rest reads as zeros
   * @param length bytes
   */
  record Extension(boolean contiguous, long written, long cluster, long length) {

    static Extension of(Structure entry) {
      return new Extension(
          (entry.u8(1) & CONTIGUOUS) != 0, entry.i64(8), entry.u32(20), entry.i64(24));
    }

    /**
     * That of a file.
     *
     * @param most bytes in all clusters there are
     */
    static Extension at(Volume volume, FileEntry file, long most) {
      Structure entry = volume.read(file.id(), ENTRY);
      Extension extension = of(entry);
      if (entry.u8(0) != STREAM
          || extension.length < 0
          || extension.length > most
          || extension.written < 0
          || extension.written > extension.length) {
        throw volume.damage(file, "its size cannot be");
      }
      return extension;
    }
  }
}
