package blksh.compress;

import blksh.io.IoFailure;
import blksh.io.OpenFile;
import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * The checkpoints of one compressed source on disk: a log of records of fixed length in {@code
 * KEY.index}, and beside it their data, Zstandard-compressed, in {@code KEY.data}. Both only grow.
 * Every record and its data carry a CRC-32C and data is written before its record, so whatever a
 * crash leaves behind is told from what is whole; a log cut short goes on after its last good
 * record. The process that writes holds a lock; any other keeps an index of its own, for as long as
 * it is open. One that another version wrote is begun anew.
 *
 * <p>Layout, little-endian: header of 48 bytes (magic {@code "blkshgap"}, version 2 as 32 bits, 32
 * bytes that identify the source, CRC-32C of all that); records of 44 bytes (type 32, out 64, in
 * 64, offset of the data 64, its stored length 32, its length 32, its CRC-32C 32, CRC-32C of the
 * record 32).
 */
final class IndexFile implements Closeable {

  static final int CHECKPOINT = 1;
  static final int PIECE = 2;
  static final int END = 3;
  static final int SUMS = 4;

  private static final byte[] MAGIC = "blkshgap".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 2;
  private static final int IDENTITY = 32;
  private static final int HEADER = 48;
  private static final int RECORD = 44;

  /** No record has longer data, in bytes. */
  private static final int LONGEST = 64 << 20;

  private static final int LEVEL = 1;

  /** How the names of indexes begin that go when they are closed. */
  static final String TEMPORARY = "open-";

  private final Path log;
  private final Path body;
  private final boolean temporary;

  /** Claimed as long as the index is open. */
  private final OpenFile records;

  private final OpenFile data;
  private final long most;
  private long dataEnd;
  private int count;
  private boolean full;
  private volatile boolean closed;

  /** One record: what it says, and where its data is. */
  record Record(int type, long out, long in, long offset, int stored, int length, int crc) {}

  /** Whoever takes up the records of a file. */
  interface Reader {
    void take(Record entry, int ordinal);
  }

  private IndexFile(Path log, boolean temporary, OpenFile records, long most) throws IOException {
    this.log = log;
    this.body = bodyOf(log);
    this.temporary = temporary;
    this.records = records;
    this.data = OpenFile.open(body, OpenFile.Use.CREATE_PLAIN, OpenFile.WhenInterrupted.FINISH);
    this.most = most;
  }

  static Path bodyOf(Path log) {
    String name = log.getFileName().toString();
    return log.resolveSibling(name.substring(0, name.lastIndexOf('.')) + ".data");
  }

  /**
   * Opens the file of a source, or begins it.
   *
   * @param log its name ends in {@code .index}
   * @param identity 32 bytes that no other source has
   * @param most bytes of data to write at most
   * @return null when another process or another source of this one writes it
   */
  static IndexFile open(Path log, byte[] identity, long most) throws IOException {
    OpenFile records = claim(log);
    return records == null ? null : begin(log, false, records, identity, most);
  }

  private static OpenFile claim(Path log) throws IOException {
    return OpenFile.claim(log, OpenFile.Use.CREATE_PLAIN, OpenFile.WhenInterrupted.FINISH);
  }

  private static IndexFile begin(
      Path log, boolean temporary, OpenFile records, byte[] identity, long most)
      throws IOException {
    IndexFile file = null;
    boolean begun = false;
    try {
      file = new IndexFile(log, temporary, records, most);
      file.begin(identity);
      begun = true;
      return file;
    } finally {
      if (!begun) {
        if (file != null) {
          file.data.close();
        }
        records.close();
      }
    }
  }

  /** An index that goes when it is closed. */
  static IndexFile temporary(Path directory, long most) throws IOException {
    while (true) {
      Path log = Files.createTempFile(directory, TEMPORARY, ".index");
      OpenFile records = claim(log);
      if (records != null) {
        return begin(log, true, records, new byte[IDENTITY], most);
      }
      // taken for one a dead process left
    }
  }

  /**
   * Removes an index.
   *
   * @return false when somebody has it open
   */
  static boolean deleteUnlessOpen(Path log) throws IOException {
    try (OpenFile records = claim(log)) {
      if (records == null) {
        return false;
      }
      Files.deleteIfExists(bodyOf(log));
      Files.deleteIfExists(log);
      return true;
    }
  }

  private void begin(byte[] identity) throws IOException {
    ByteBuffer header = buffer(HEADER);
    header.put(MAGIC).putInt(VERSION).put(identity);
    header.putInt(crc(header.array(), HEADER - Integer.BYTES));
    byte[] found = new byte[HEADER];
    if (!read(records, 0, found, HEADER) || !Arrays.equals(found, header.array())) {
      records.truncate(0);
      data.truncate(0);
    }
    // Also for its time: it was used. Setting that by name would open it, and so end the claim.
    records.write(0, header.array(), 0, HEADER);
    long dataLength = data.length();
    count = (int) Math.min(Integer.MAX_VALUE, (records.length() - HEADER) / RECORD);
    int[] good = {0};
    forEach(
        (entry, ordinal) -> {
          if (ordinal == good[0] && entry.offset + entry.stored <= dataLength) {
            dataEnd = Math.max(dataEnd, entry.offset + entry.stored);
            good[0]++;
          }
        });
    count = good[0];
    records.truncate(HEADER + (long) count * RECORD);
    data.truncate(dataEnd);
  }

  /** Hands out all good records in order. */
  void forEach(Reader reader) throws IOException {
    byte[] chunk = new byte[RECORD * 1000];
    for (int first = 0; first < count; first += 1000) {
      int records = Math.min(1000, count - first);
      if (!read(this.records, HEADER + (long) first * RECORD, chunk, records * RECORD)) {
        return;
      }
      for (int i = 0; i < records; i++) {
        Record entry = parse(Arrays.copyOfRange(chunk, i * RECORD, (i + 1) * RECORD));
        if (entry != null) {
          reader.take(entry, first + i);
        }
      }
    }
  }

  private Record record(int ordinal) throws IOException {
    byte[] bytes = new byte[RECORD];
    return read(records, HEADER + (long) ordinal * RECORD, bytes, RECORD) ? parse(bytes) : null;
  }

  private static Record parse(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    Record entry =
        new Record(
            buffer.getInt(),
            buffer.getLong(),
            buffer.getLong(),
            buffer.getLong(),
            buffer.getInt(),
            buffer.getInt(),
            buffer.getInt());
    boolean good =
        buffer.getInt() == crc(bytes, RECORD - Integer.BYTES)
            && entry.type >= CHECKPOINT
            && entry.type <= SUMS
            && entry.out >= 0
            && entry.offset >= 0
            && entry.stored >= 0
            && entry.length >= 0
            && entry.length <= LONGEST
            && entry.stored <= Zstd.compressBound(entry.length);
    return good ? entry : null;
  }

  /**
   * Adds a record.
   *
   * @return its ordinal, or -1 when there is no room for it
   */
  synchronized int append(int type, long out, long in, byte[] bytes) {
    if (full || closed) {
      return -1;
    }
    byte[] stored = bytes.length == 0 ? bytes : Zstd.compress(bytes, LEVEL);
    if (dataEnd + stored.length > most) {
      full = true;
      return -1;
    }
    ByteBuffer record = buffer(RECORD);
    record.putInt(type).putLong(out).putLong(in).putLong(dataEnd);
    record.putInt(stored.length).putInt(bytes.length).putInt(crc(stored, stored.length));
    record.putInt(crc(record.array(), RECORD - Integer.BYTES));
    try {
      data.write(dataEnd, stored, 0, stored.length);
      records.write(HEADER + (long) count * RECORD, record.array(), 0, RECORD);
    } catch (IOException e) {
      full = true;
      return -1;
    }
    dataEnd += stored.length;
    return count++;
  }

  /** The data of a record; null when it is damaged or cannot be read. */
  byte[] data(int ordinal) {
    try {
      Record entry = record(ordinal);
      if (entry == null) {
        return null;
      }
      byte[] stored = new byte[entry.stored];
      if (!read(data, entry.offset, stored, entry.stored)
          || crc(stored, entry.stored) != entry.crc) {
        return null;
      }
      return entry.length == 0 ? stored : Zstd.decompress(stored, entry.length);
    } catch (IOException | ZstdException e) {
      return null;
    }
  }

  /** Forgets everything; nothing is added any more. */
  synchronized void clear() {
    full = true;
    count = 0;
    try {
      records.truncate(HEADER);
    } catch (IOException e) {
      // it stays as it is, and the checksum of the stream says again what is wrong
    }
  }

  private static ByteBuffer buffer(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static boolean read(OpenFile file, long at, byte[] bytes, int length) throws IOException {
    return file.fill(at, ByteBuffer.wrap(bytes, 0, length)) == length;
  }

  private static int crc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try (records;
        data) {
      if (temporary) {
        Files.deleteIfExists(body);
        Files.deleteIfExists(log);
      }
    } catch (IOException e) {
      throw IoFailure.told("close " + log, e);
    }
  }
}
