package blksh.store.pack;

import blksh.io.Checksum;
import blksh.io.LittleEndian;
import blksh.store.shelf.Blob;
import blksh.store.shelf.DamageAsZeros;
import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * A sealed pack: a log of frames that never changes, with a footer. Pages are numbered from 0 in
 * the order they were stored, and keep their numbers for ever.
 *
 * <pre>
 *   0  "BKPACK01"    8  u64 pack id    16  16 bytes store id
 *  32  u32 0        36  u32 CRC-32C of the header up to here
 *  40  frames, then the footer
 * </pre>
 *
 * A pack whose footer is damaged is read by its frame headers, a frame whose header is damaged by
 * the footer. Instances count their users: the file is closed with the last.
 */
public final class Pack implements Closeable {

  /** Bytes before the first frame. */
  static final int HEADER = 40;

  /** A pack never holds more pages; bounds the digests kept in memory while it is open. */
  public static final int MAX_PAGES = 32768;

  /** A pack is closed when it may reach this many bytes. */
  public static final long TARGET = 64L << 20;

  /**
   * No pack has more bytes: as many frames as it may have pages, a footer, and what repairs kept
   * that nothing describes.
   */
  private static final long MOST = 256L << 20;

  static final long MAGIC = 0x31304B4341504B42L; // "BKPACK01"

  private final long id;
  private final Blob file;
  private final PackFooter footer;
  private final boolean footerSound;
  private final AtomicInteger users = new AtomicInteger(1);

  private Pack(long id, Blob file, PackFooter footer, boolean footerSound) {
    this.id = id;
    this.file = file;
    this.footer = footer;
    this.footerSound = footerSound;
  }

  /**
   * Opens a sealed pack for reading; the blob is closed with it, or when it cannot be read. A name
   * proves nothing: the id inside, wherever it is sound, must be the one it is called by.
   *
   * @param blob what is, or may become, the pack
   * @param storeId of the store it must belong to; null when any will do
   * @param pageSize of that store
   */
  static Pack open(long id, Blob blob, byte[] storeId, PageSize pageSize) throws IOException {
    Blob file = new DamageAsZeros(blob); // header, footer, frames and pages prove themselves
    boolean opened = false;
    try {
      if (file.size() > MOST) {
        throw new IOException("it has %d bytes, more than any pack".formatted(file.size()));
      }
      Identity says = Identity.of(file);
      if (says == null && file.forget()) {
        says = Identity.of(file);
      }
      if (says != null && says.id != id) {
        throw new IOException("it is pack " + PackDirectory.idText(says.id));
      }
      if (says != null && storeId != null && !Arrays.equals(says.storeId, storeId)) {
        throw new IOException("it belongs to another store");
      }
      PackFooter footer = PackFooter.read(file, pageSize);
      if (footer == null && file.forget()) {
        footer = PackFooter.read(file, pageSize);
      }
      if (footer != null && footer.packId() != id) {
        if (says == null) {
          throw new IOException("it is pack " + PackDirectory.idText(footer.packId()));
        }
        footer = null;
      }
      boolean sound = footer != null;
      if (!sound) {
        footer = FrameScan.of(file, pageSize);
      }
      opened = true;
      return new Pack(id, file, footer, sound);
    } finally {
      if (!opened) {
        file.close();
      }
    }
  }

  /** What a header that is sound says. */
  private record Identity(long id, byte[] storeId) {

    /** Null when the header is damaged. */
    static Identity of(Blob file) throws IOException {
      if (file.size() < HEADER) {
        return null;
      }
      byte[] header = file.read(0, HEADER);
      return LittleEndian.i64(header, 0) == MAGIC
              && LittleEndian.i32(header, 36) == Checksum.of(header, 0, 36)
          ? new Identity(LittleEndian.i64(header, 8), Arrays.copyOfRange(header, 16, 32))
          : null;
    }
  }

  static byte[] header(long id, byte[] storeId) {
    byte[] header = new byte[HEADER];
    LittleEndian.putI64(header, 0, MAGIC);
    LittleEndian.putI64(header, 8, id);
    System.arraycopy(storeId, 0, header, 16, 16);
    LittleEndian.putI32(header, 36, Checksum.of(header, 0, 36));
    return header;
  }

  /** Its id. */
  public long id() {
    return id;
  }

  PackFooter footer() {
    return footer;
  }

  /** Of its whole pages. */
  PageSize pageSize() {
    return footer.pageSize();
  }

  /** Page numbers used: one more than the highest. */
  public int pages() {
    return footer.pages();
  }

  public int frames() {
    return footer.frames();
  }

  /** Bytes of all pages. */
  public long rawBytes() {
    return footer.rawBytes();
  }

  /** Bytes of its file. */
  public long size() throws IOException {
    return file.size();
  }

  /** Bytes up to the end of the last frame. */
  public long contentBytes() {
    int last = footer.frames() - 1;
    return last < 0 ? 0 : frameEnd(last);
  }

  /** Where a frame ends in the file. */
  long frameEnd(int frame) {
    return footer.offset(frame)
        + Frame.headerLength(footer.pagesIn(frame))
        + footer.storedLength(frame);
  }

  /** How its first frame that could be compressed is; null when none could. */
  public CodecChoice codec() {
    for (int frame = 0; frame < footer.frames(); frame++) {
      if (footer.codec(frame) != Codec.RAW) {
        return CodecChoice.of(footer.codec(frame));
      }
    }
    return null;
  }

  /** The first page number of {@code [first, end)} that no frame holds, or -1. */
  public int firstMissing(int first, int end) {
    int page = first;
    while (page < end) {
      int frame = footer.frameOf(page);
      if (frame < 0) {
        return page;
      }
      page = footer.firstPage(frame) + footer.pagesIn(frame);
    }
    return -1;
  }

  /** The first page number of {@code [first, end)} that a frame holds, or {@code end}. */
  int firstHeld(int first, int end) {
    int past = end;
    for (int low = 0, high = footer.frames(); low < high; ) {
      int middle = (low + high) >>> 1;
      if (footer.firstPage(middle) + footer.pagesIn(middle) <= first) {
        low = middle + 1;
      } else {
        past = Math.min(end, Math.max(first, footer.firstPage(middle)));
        high = middle;
      }
    }
    return past;
  }

  /**
   * The digests of all pages, by number; zeros for those that have none or whose is lost.
   *
   * @throws IOException when they cannot be read: that does not say that they are lost
   */
  public byte[] digests() throws IOException {
    byte[] digests = new byte[footer.pages() * Page.DIGEST];
    for (int from = 0; from < footer.pages(); from += PackFooter.DIGEST_BLOCK) {
      byte[] block = footer.digestBlock(file, from / PackFooter.DIGEST_BLOCK);
      if (block != null) {
        System.arraycopy(block, 0, digests, from * Page.DIGEST, block.length);
        continue;
      }
      int past = Math.min(footer.pages(), from + PackFooter.DIGEST_BLOCK);
      for (int page = from; page < past; page++) {
        if (!readDigest(page, digests, page * Page.DIGEST)) {
          Arrays.fill(digests, page * Page.DIGEST, (page + 1) * Page.DIGEST, (byte) 0);
        }
      }
    }
    return digests;
  }

  /** The store it says it belongs to; null when its header is damaged. */
  public byte[] storeId() throws IOException {
    return storeIdOf(file);
  }

  static byte[] storeIdOf(Blob file) throws IOException {
    Identity says = Identity.of(file);
    return says == null ? null : says.storeId;
  }

  /**
   * Sees the page numbers whose pages it does not hold, or does not say that it holds.
   *
   * @throws IOException when a frame cannot be read
   */
  public void forEachDropped(IntConsumer visitor) throws IOException {
    int next = 0;
    for (int frame = 0; frame < footer.frames(); frame++) {
      IntStream.range(next, footer.firstPage(frame)).forEach(visitor);
      next = footer.firstPage(frame) + footer.pagesIn(frame);
      Frame header = footer.regular(frame) ? null : headerOf(frame);
      if (header == null && !footer.regular(frame) && !footer.hasAll(frame)) {
        IntStream.range(footer.firstPage(frame), next)
            .forEach(visitor); // which, it alone could say
      }
      for (int i = 0; header != null && i < header.pages; i++) {
        if (header.pageLength(i) == 0) {
          visitor.accept(header.firstPage + i);
        }
      }
    }
    IntStream.range(next, footer.pages()).forEach(visitor);
  }

  /** The header of a frame as it stands before it; null when it is damaged or of other pages. */
  Frame headerOf(int frame) throws IOException {
    int length = Frame.headerLength(footer.pagesIn(frame));
    Frame header = Frame.parse(file.read(footer.offset(frame), length), 0, length);
    if (header == null && file.forget()) {
      header = Frame.parse(file.read(footer.offset(frame), length), 0, length);
    }
    return header != null
            && header.pageSize == pageSize()
            && header.firstPage == footer.firstPage(frame)
        ? header
        : null;
  }

  /** Whether the footer on disk is whole; if not, {@link #footer} was made from the frames. */
  public boolean footerSound() {
    return footerSound;
  }

  Blob file() {
    return file;
  }

  /** Copies the digest of a page; false when it cannot be had. */
  public boolean digest(int page, byte[] to, int at) {
    try {
      return readDigest(page, to, at);
    } catch (IOException e) {
      return false;
    }
  }

  private boolean readDigest(int page, byte[] to, int at) throws IOException {
    if (page < 0 || page >= footer.pages()) {
      return false;
    }
    byte[] block = footer.digestBlock(file, page / PackFooter.DIGEST_BLOCK);
    if (block != null) {
      int from = page % PackFooter.DIGEST_BLOCK * Page.DIGEST;
      System.arraycopy(block, from, to, at, Page.DIGEST);
      return true;
    }
    int frame = footer.frameOf(page);
    Frame header = frame < 0 ? null : headerOf(frame);
    if (header == null) {
      return false;
    }
    int from = (page - header.firstPage) * Page.DIGEST;
    System.arraycopy(header.digests, from, to, at, Page.DIGEST);
    return true;
  }

  /** Counts one more user; false when the pack was already closed. */
  boolean acquire() {
    return users.getAndUpdate(n -> n == 0 ? 0 : n + 1) != 0;
  }

  /** Gives up one use. */
  @Override
  public void close() {
    if (users.decrementAndGet() == 0) {
      file.close();
    }
  }
}
