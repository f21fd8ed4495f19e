package blksh.store;

import blksh.store.pack.CodecChoice;
import blksh.store.pack.Frame;
import blksh.store.pack.Pack;
import blksh.store.pack.PackWriter;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
import blksh.task.Task;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Packs of pages that are stored again, as what has them is damaged: whoever needs one finds it by
 * its digest. No pack that is there is touched. Each is durable, then known, as those of captures.
 * One that is left unfinished is salvaged, or removed, by the next capture.
 */
final class SparePacks implements Closeable {

  private final Repository repository;
  private final StoreParity protection;
  private final CodecChoice codec;
  private final PageSize pageSize;
  private final CodecChoice.Compressor compressor;
  private final ByteBuffer raw = ByteBuffer.allocateDirect(Frame.MAX_RAW);
  private final ByteBuffer frame;
  private final byte[] digests = new byte[Frame.MAX_PAGES * Page.DIGEST];
  private PackWriter writer;
  private int pages;

  SparePacks(Repository repository, Task task) {
    this.repository = repository;
    this.protection = new StoreParity(repository, task);
    this.codec = repository.codec();
    this.pageSize = repository.pageSize();
    this.compressor = codec.compressor();
    this.frame = ByteBuffer.allocateDirect(Frame.headerLength(Frame.MAX_PAGES) + Frame.MAX_RAW);
  }

  /**
   * Stores a page.
   *
   * @param digest what it has, proven
   * @param length 1 to the bytes of a whole page
   */
  void add(byte[] digest, byte[] bytes, int length) throws IOException {
    System.arraycopy(digest, 0, digests, pages * Page.DIGEST, Page.DIGEST);
    raw.put(bytes, 0, length);
    pages++;
    if (pages == codec.framePages(pageSize) || length < pageSize.bytes()) {
      writeFrame(); // only the last page of a frame may be shorter
    }
  }

  private void writeFrame() throws IOException {
    if (pages == 0) {
      return;
    }
    if (writer != null
        && (writer.pages() + Frame.MAX_PAGES > Pack.MAX_PAGES || writer.length() > Pack.TARGET)) {
      seal();
    }
    if (writer == null) {
      writer =
          repository.packs().begin(repository.packs().newId(), repository.identity().idBytes());
    }
    frame.clear();
    Frame.write(
        compressor, pageSize, writer.pages(), pages, raw, 0, raw.position(), digests, 0, frame);
    writer.append(frame.flip());
    raw.clear();
    pages = 0;
  }

  private void seal() throws IOException {
    PackWriter full = writer;
    writer = null;
    boolean sealed = false;
    try {
      full.seal();
      sealed = true;
    } finally {
      if (!sealed) {
        full.discard();
      }
    }
    repository.indexes().enter(full);
    protection.pack(full.id());
  }

  /** Makes all durable and known. */
  void finish() throws IOException {
    writeFrame();
    if (writer != null) {
      seal();
    }
  }

  /** Lets go; what was not finished is given up. */
  @Override
  public void close() {
    try {
      compressor.close();
    } finally {
      if (writer != null) {
        writer.discard();
        writer = null;
      }
    }
  }
}
