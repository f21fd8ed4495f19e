package blksh.store;

import blksh.io.DirectBuffer;
import blksh.store.pack.Page;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The memory outside the heap that one capture works in, given back as a whole when no worker is
 * left. May be used by all of them.
 */
final class CaptureMemory implements Closeable {

  private final int framePages;

  /** Guarded by itself. */
  private final List<DirectBuffer> borrowed = new ArrayList<>();

  private final ConcurrentLinkedQueue<Gathered> idle = new ConcurrentLinkedQueue<>();

  /**
   * @param framePages pages of a frame
   */
  CaptureMemory(int framePages) {
    this.framePages = framePages;
  }

  /** Memory that holds anything, until the end. */
  ByteBuffer borrow(int bytes) {
    DirectBuffer buffer = DirectBuffer.borrow(bytes);
    synchronized (borrowed) {
      borrowed.add(buffer);
    }
    return buffer.bytes();
  }

  /** The pages of one frame on their way from several segments. */
  static final class Gathered {
    final ByteBuffer raw;
    final byte[] digests;
    int pages;
    int length;

    /** Number of its first page in the pack. */
    int firstPage;

    private Gathered(ByteBuffer raw, int pages) {
      this.raw = raw;
      this.digests = new byte[pages * Page.DIGEST];
    }

    /** Adds pages of a segment. */
    void add(CaptureSegment segment, int from, int to) {
      int bytes = (to - from - 1) * Page.SIZE + segment.pageLength(to - 1);
      raw.put(length, segment.bytes(), from * Page.SIZE, bytes);
      System.arraycopy(
          segment.digests(),
          from * Page.DIGEST,
          digests,
          pages * Page.DIGEST,
          (to - from) * Page.DIGEST);
      length += bytes;
      pages += to - from;
    }
  }

  /** Room for the pages of a frame, with none in it. */
  Gathered gather() {
    Gathered gathered = idle.poll();
    return gathered == null ? new Gathered(borrow(framePages * Page.SIZE), framePages) : gathered;
  }

  /** Takes room back to be used again. */
  void giveBack(Gathered gathered) {
    gathered.pages = 0;
    gathered.length = 0;
    idle.add(gathered);
  }

  @Override
  public void close() {
    borrowed.forEach(DirectBuffer::close);
  }
}
