package blksh.cache;

import blksh.block.WritableSource;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Writes to the source of a cache and to what is held of it. Before the source changes, no map on
 * disk claims any of the range, so a crash in between leaves old bytes in the data file that count
 * for nothing.
 */
final class WriteThrough {

  private final SourceReader reader;
  private final CachedBytes held;
  private final SavedMap saved;

  WriteThrough(SourceReader reader, CachedBytes held, SavedMap saved) {
    this.reader = reader;
    this.held = held;
    this.saved = saved;
  }

  /** How a part of the source is written: by a write or by zeroing. */
  interface Writing {
    void to(WritableSource source);
  }

  /**
   * Writes a range to the source, then to the data file.
   *
   * @param bytes what is written, or null for zeros
   */
  void write(long start, long end, ByteBuffer bytes, Writing writing) {
    reader.checkOpen();
    WritableSource source = reader.writable();
    reader.occupy(start, end, "write to");
    try {
      saved.disown(start, end);
      boolean kept = false;
      try {
        writing.to(source);
        kept = keep(start, end, bytes);
      } finally {
        if (!kept) {
          held.mark(start, end, RescueStatus.NON_TRIED);
        }
        saved.written(start, end);
      }
    } finally {
      reader.release(start);
    }
  }

  /** Zeros and what cannot be kept are read again from the source when somebody asks. */
  private boolean keep(long start, long end, ByteBuffer bytes) {
    if (bytes == null) {
      return false;
    }
    try {
      held.keep(start, end, bytes);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns when what was written before is durable in the source. */
  void sync() {
    reader.writable().sync();
  }
}
