package blksh.kit;

import blksh.block.SourceInfo;
import blksh.block.WritableSource;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A disk in memory that remembers, in their order, all writes and flushes that reach it, and the
 * marks that a test puts in between. {@link PowerCuts} shows what a power cut may leave of it.
 */
public final class RecordedDisk implements WritableSource {

  /** Something that reached the disk, or was put in between. */
  sealed interface Event permits Write, Flush, Mark {}

  /** Bytes that were written; they may be lost until the next flush. */
  record Write(int position, byte[] bytes) implements Event {}

  /** All that was written before is durable. */
  record Flush() implements Event {}

  /** What somebody was told, who relies on it from now on. */
  record Mark(String text) implements Event {}

  private final byte[] content;
  private final List<Event> events = new ArrayList<>();
  private byte[] first;

  /**
   * A disk of zeros.
   *
   * @param size bytes
   */
  public RecordedDisk(int size) {
    this.content = new byte[size];
    this.first = new byte[size];
  }

  /** Forgets what happened: what is on the disk now is durable. */
  public synchronized void begin() {
    first = content.clone();
    events.clear();
  }

  /** Notes what somebody was told. */
  public synchronized void mark(String text) {
    events.add(new Mark(text));
  }

  /** What was durable in the beginning. */
  byte[] first() {
    return first;
  }

  /** All that happened since. */
  synchronized List<Event> events() {
    return List.copyOf(events);
  }

  // ---- as a disk ------------------------------------------------------------------------------

  @Override
  public long size() {
    return content.length;
  }

  @Override
  public synchronized int read(long position, ByteBuffer target) {
    int count = (int) Math.min(target.remaining(), Math.max(0, content.length - position));
    if (count > 0) {
      target.put(content, (int) position, count);
    }
    return count;
  }

  @Override
  public synchronized void write(long position, ByteBuffer bytes) {
    byte[] written = new byte[bytes.remaining()];
    bytes.get(written);
    System.arraycopy(written, 0, content, (int) position, written.length);
    events.add(new Write((int) position, written));
  }

  @Override
  public void zero(long position, long length) {
    write(position, ByteBuffer.allocate((int) length));
  }

  @Override
  public synchronized void sync() {
    events.add(new Flush());
  }

  @Override
  public SourceInfo describe() {
    return new SourceInfo("memory", "recorded disk", "memory");
  }

  @Override
  public void close() {}
}
