package blksh.iso;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A stretch of the contents as they stand on the disc, on its way from whoever read it to those who
 * write it and those who prove it.
 */
final class ContentBatch {

  /** Bytes of a batch: whole sectors. */
  static final int SIZE = 1 << 20;

  /**
   * A part of a content.
   *
   * @param from its first byte in the batch
   * @param isEnd whether the content ends with it
   */
  record Part(ContentCopy copy, int from, int length, boolean isEnd) {}

  private final ByteBuffer bytes = ByteBuffer.allocateDirect(SIZE);
  private final List<Part> parts = new ArrayList<>();
  private final AtomicInteger users = new AtomicInteger();

  /** Empties it, to be used by so many before it is given back. */
  void begin(int users) {
    bytes.clear();
    parts.clear();
    this.users.set(users);
  }

  /** To be filled from where it stands. */
  ByteBuffer bytes() {
    return bytes;
  }

  int room() {
    return bytes.remaining();
  }

  boolean isEmpty() {
    return bytes.position() == 0;
  }

  List<Part> parts() {
    return parts;
  }

  /** Some of its bytes, for one more reader. */
  ByteBuffer part(int from, int length) {
    return bytes.slice(from, length);
  }

  /** All bytes that were put in. */
  ByteBuffer all() {
    return bytes.slice(0, bytes.position());
  }

  /** Whether who says so was the last to use it. */
  boolean isDone() {
    return users.decrementAndGet() == 0;
  }

  void zeros(int count) {
    for (int i = 0; i < count; i++) {
      bytes.put((byte) 0);
    }
  }
}
