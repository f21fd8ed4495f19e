package blksh.store;

import blksh.io.DirectBuffer;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
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

  private final PageSize pageSize;
  private final int framePages;

  /** Guarded by itself. */
  private final List<DirectBuffer> borrowed = new ArrayList<>();

  private final ConcurrentLinkedQueue<Gathered> idle = new ConcurrentLinkedQueue<>();

  /**
   * @param pageSize of the store
   * @param framePages pages of a frame
   */
  CaptureMemory(PageSize pageSize, int framePages) {
    this.pageSize = pageSize;
    this.framePages = framePages;
  }

  /** Of whole pages. */
  PageSize pageSize() {
    return pageSize;
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
      PageSize pageSize = segment.pageSize();
      int bytes = pageSize.at(to - from - 1) + segment.pageLength(to - 1);
      raw.put(length, segment.bytes(), pageSize.at(from), bytes);
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
    return gathered == null ? new Gathered(borrow(pageSize.at(framePages)), framePages) : gathered;
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
