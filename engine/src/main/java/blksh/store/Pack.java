package blksh.store;

import blksh.BlkshException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.concurrent.atomic.AtomicInteger;

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
final class Pack implements Closeable {

  /** Bytes before the first frame. */
  static final int HEADER = 40;

  /** A pack never holds more pages; bounds the digests kept in memory while it is open. */
  static final int MAX_PAGES = 32768;

  /** A pack is closed when it may reach this many bytes. */
  static final long TARGET = 64L << 20;

  static final long MAGIC = 0x31304B4341504B42L; // "BKPACK01"

  private final long id;
  private final Path path;
  private final ReadOnlyFile file;
  private final PackFooter footer;
  private final boolean footerSound;
  private final AtomicInteger users = new AtomicInteger(1);

  private Pack(long id, Path path, ReadOnlyFile file, PackFooter footer, boolean footerSound) {
    this.id = id;
    this.path = path;
    this.file = file;
    this.footer = footer;
    this.footerSound = footerSound;
  }

  /**
   * Opens a sealed pack for reading.
   *
   * @throws BlkshException when the file is missing or cannot be read at all
   */
  static Pack open(long id, Path path) {
    ReadOnlyFile file = null;
    try {
      file = new ReadOnlyFile(path);
      PackFooter footer = PackFooter.read(file, id);
      boolean sound = footer != null;
      if (!sound) {
        footer = scan(file, file.size()).footer;
      }
      return new Pack(id, path, file, footer, sound);
    } catch (IOException e) {
      if (file != null) {
        file.close();
      }
      throw new BlkshException("open pack " + path, Bytes.reason(e), e)
          .suggest("run verify to see which manifests it affects");
    }
  }

  /** What a walk over the frames of a pack found. */
  record Scan(PackFooter footer, long end) {}

  /** Walks the frame headers up to {@code limit}, and stops at the first that is not whole. */
  static Scan scan(ReadOnlyFile file, long limit) throws IOException {
    PackFooter footer = new PackFooter();
    byte[] header = new byte[Frame.MAX_HEADER];
    long at = HEADER;
    while (at < limit) {
      int length = (int) Math.min(header.length, limit - at);
      file.read(at, header, 0, length);
      Frame frame = Frame.parse(header, 0, length);
      if (frame == null
          || frame.firstPage < footer.pages()
          || at + frame.headerLength() + frame.storedLength > limit) {
        break;
      }
      footer.add(frame, at);
      at += frame.headerLength() + frame.storedLength;
    }
    return new Scan(footer, at);
  }

  static byte[] header(long id, byte[] storeId) {
    byte[] header = new byte[HEADER];
    LittleEndian.putI64(header, 0, MAGIC);
    LittleEndian.putI64(header, 8, id);
    System.arraycopy(storeId, 0, header, 16, 16);
    LittleEndian.putI32(header, 36, Checksum.of(header, 0, 36));
    return header;
  }

  long id() {
    return id;
  }

  Path path() {
    return path;
  }

  PackFooter footer() {
    return footer;
  }

  /** Whether the footer on disk is whole; if not, {@link #footer} was made from the frames. */
  boolean footerSound() {
    return footerSound;
  }

  ReadOnlyFile file() {
    return file;
  }

  /**
   * A frame as it came off the disk, decompressed. Its pages are proven as they are wanted, by any
   * thread; none is to be used before.
   */
  static final class Loaded {
    /** Pages there is room for. */
    final int room;

    /** The frame's pages, one after another. */
    final byte[] raw;

    /** Where each page begins in {@link #raw}; one more entry than pages. */
    final int[] starts;

    /** Digests of the pages, one after another. */
    final byte[] digests;

    int firstPage;
    int pages;

    /** Bit i is set when page i has its digest. */
    private final AtomicInteger proven = new AtomicInteger();

    /** Bit i is set when page i has not. */
    private final AtomicInteger failed = new AtomicInteger();

    /** Whether there are pages that may be proven. */
    private volatile boolean whole;

    /** What was wrong, or null. */
    private volatile String damage;

    /**
     * @param room pages of the largest frame it will hold
     */
    Loaded(int room) {
      this.room = room;
      raw = new byte[room * Page.SIZE];
      starts = new int[room + 1];
      digests = new byte[room * Page.DIGEST];
    }

    private void begin(int firstPage, int pages) {
      this.firstPage = firstPage;
      this.pages = pages;
      whole = false;
      damage = null;
      proven.set(0);
      failed.set(0);
    }

    /** Makes it a frame without pages. */
    void fail(String reason) {
      whole = false;
      damage = reason;
    }

    /** Whether it came off the disk and decompressed. */
    boolean whole() {
      return whole;
    }

    String damage() {
      return damage;
    }

    int proven() {
      return proven.get();
    }

    boolean holds(int page) {
      return page >= firstPage && page < firstPage + pages;
    }

    /** Whether a page is there and was proven. */
    boolean has(int page) {
      int i = page - firstPage;
      return holds(page) && (proven.get() >>> i & 1) != 0 && starts[i + 1] > starts[i];
    }

    /**
     * Proves pages by their digests, once.
     *
     * @param wanted bit i is set when page i matters
     */
    void prove(int wanted, Reader reader) {
      if (!whole) {
        return;
      }
      int left = wanted & ~(proven.get() | failed.get());
      for (int i = 0; left != 0 && i < pages; i++) {
        int length = starts[i + 1] - starts[i];
        if ((left >>> i & 1) == 0 || length == 0) {
          continue;
        }
        Page.digest(reader.sha, raw, starts[i], length, reader.digest, 0);
        int bit = 1 << i;
        if (Page.sameDigest(reader.digest, 0, digests, i * Page.DIGEST)) {
          proven.getAndUpdate(bits -> bits | bit);
        } else {
          damage = "page fails its digest";
          failed.getAndUpdate(bits -> bits | bit);
        }
      }
    }
  }

  /** Buffers for reading frames; one a thread at a time. */
  static final class Reader {
    /** A frame as it is stored. */
    private final ByteBuffer stored = ByteBuffer.allocateDirect(Frame.MAX_HEADER + Frame.MAX_RAW);

    private final byte[] header = new byte[Frame.MAX_HEADER];
    private final MessageDigest sha = Page.sha256();
    private final byte[] digest = new byte[Page.DIGEST];
    private final byte[] page = new byte[Page.SIZE];

    /** The beginning of a frame, and a few pages of it; made when they are first needed. */
    private ByteBuffer beginning;

    private byte[] few;
  }

  /** Pages that may be read without the rest of their frame. */
  static final int FEW = 4;

  /** More of a frame than the part that should be enough, in bytes. */
  private static final int MARGIN = 4096;

  /**
   * Puts a few pages, proven, and reads no more of their frame than it must.
   *
   * @param first the first page's place in the frame
   * @param count at most {@link #FEW}
   * @return false when the frame has to be read whole, to find out more or because that is as cheap
   */
  boolean putFew(int frame, int first, int count, Reader reader, ByteBuffer target) {
    int pages = footer.pagesIn(frame);
    int needed = first + count;
    if (count > FEW || needed > pages || !footer.regular(frame)) {
      return false;
    }
    if (reader.few == null) {
      reader.few = new byte[FEW * Page.SIZE];
      reader.beginning = ByteBuffer.allocateDirect(Frame.MAX_RAW);
    }
    try {
      boolean there =
          switch (footer.codec(frame)) {
            case RAW -> takeRaw(frame, first, count, reader);
            case LZ4 -> Lz4Beginning.isAvailable() && takeLz4(frame, first, count, reader);
            case ZSTD -> false;
          };
      if (!there) {
        return false;
      }
    } catch (IOException e) {
      return false;
    }
    Frame header = Frame.parse(reader.header, 0, Frame.headerLength(pages));
    if (header == null || header.pages != pages || header.firstPage != footer.firstPage(frame)) {
      return false;
    }
    for (int i = 0; i < count; i++) {
      if (header.starts[first + i] != (first + i) * Page.SIZE
          || header.pageLength(first + i) != Page.SIZE) {
        return false;
      }
      Page.digest(reader.sha, reader.few, i * Page.SIZE, Page.SIZE, reader.digest, 0);
      if (!Page.sameDigest(reader.digest, 0, header.digests, (first + i) * Page.DIGEST)) {
        return false;
      }
    }
    target.put(reader.few, 0, count * Page.SIZE);
    return true;
  }

  private boolean takeRaw(int frame, int first, int count, Reader reader) throws IOException {
    int headerLength = Frame.headerLength(footer.pagesIn(frame));
    int from = first * Page.SIZE;
    int length = count * Page.SIZE;
    if (from + length > footer.storedLength(frame)) {
      return false;
    }
    file.read(footer.offset(frame), reader.header, 0, headerLength);
    file.read(footer.offset(frame) + headerLength + from, reader.few, 0, length);
    return true;
  }

  private boolean takeLz4(int frame, int first, int count, Reader reader) throws IOException {
    int pages = footer.pagesIn(frame);
    int headerLength = Frame.headerLength(pages);
    int stored = footer.storedLength(frame);
    int share = (int) ((long) stored * (first + count) / pages);
    int length = Math.min(stored, share + share / 8 + MARGIN);
    file.read(footer.offset(frame), reader.stored.clear().limit(headerLength + length));
    reader.stored.get(0, reader.header, 0, headerLength);
    int wanted = (first + count) * Page.SIZE;
    if (!Lz4Beginning.decompress(reader.stored, headerLength, length, reader.beginning, wanted)) {
      return false;
    }
    reader.beginning.get(first * Page.SIZE, reader.few, 0, count * Page.SIZE);
    return true;
  }

  /**
   * Puts the pages of whole frames, proven, without keeping any: a frame and those that follow it
   * in the file, as many as are wanted and can be read at once.
   *
   * @param most pages wanted
   * @param target a direct buffer with room for them
   * @return pages put, or 0 when the first frame is to be read otherwise, or is damaged
   */
  int putFrames(int frame, int most, Reader reader, ByteBuffer target) {
    int from = frame;
    int end = frame;
    int pages = 0;
    long begin = footer.offset(from);
    long at = begin;
    while (end < footer.frames()
        && footer.offset(end) == at
        && footer.firstPage(end) == footer.firstPage(from) + pages
        && footer.pagesIn(end) <= most - pages
        && footer.regular(end)) {
      int length = Frame.headerLength(footer.pagesIn(end)) + footer.storedLength(end);
      if (at + length - begin > reader.stored.capacity()) {
        break;
      }
      at += length;
      pages += footer.pagesIn(end++);
    }
    if (end == from) {
      return 0;
    }
    try {
      file.read(begin, reader.stored.clear().limit((int) (at - begin)));
    } catch (IOException e) {
      return 0;
    }
    int put = 0;
    for (int i = from; i < end; i++) {
      if (!putFrame(i, (int) (footer.offset(i) - begin), reader, target)) {
        break;
      }
      put += footer.pagesIn(i);
    }
    return put;
  }

  /**
   * @param at where the frame begins in what was read
   */
  private boolean putFrame(int frame, int at, Reader reader, ByteBuffer target) {
    int pages = footer.pagesIn(frame);
    int headerLength = Frame.headerLength(pages);
    int storedLength = footer.storedLength(frame);
    reader.stored.get(at, reader.header, 0, headerLength);
    Frame header = Frame.parse(reader.header, 0, headerLength);
    int length = pages * Page.SIZE;
    if (header == null
        || header.pages != pages
        || header.firstPage != footer.firstPage(frame)
        || header.storedLength != storedLength
        || header.rawLength != length) {
      return false;
    }
    int to = target.position();
    if (!header.codec.decompress(
        reader.stored, at + headerLength, storedLength, target, to, length)) {
      return false;
    }
    for (int i = 0; i < pages; i++) {
      target.get(to + i * Page.SIZE, reader.page);
      Page.digest(reader.sha, reader.page, 0, Page.SIZE, reader.digest, 0);
      if (!Page.sameDigest(reader.digest, 0, header.digests, i * Page.DIGEST)) {
        return false;
      }
    }
    target.position(to + length);
    return true;
  }

  /**
   * Reads a frame and proves pages by their digests.
   *
   * @param wanted bit i is set when page i matters; others are decompressed but not proven
   */
  void load(int frame, int wanted, Reader reader, Loaded into) {
    load(frame, reader, into);
    into.prove(wanted, reader);
  }

  /** Reads and decompresses a frame, and proves nothing yet. */
  void load(int frame, Reader reader, Loaded into) {
    int count = footer.pagesIn(frame);
    int headerLength = Frame.headerLength(count);
    int storedLength = footer.storedLength(frame);
    into.begin(footer.firstPage(frame), count);
    try {
      file.read(footer.offset(frame), reader.stored.clear().limit(headerLength + storedLength));
    } catch (IOException e) {
      into.fail(Bytes.reason(e));
      return;
    }
    reader.stored.get(0, reader.header, 0, headerLength);
    Frame header = Frame.parse(reader.header, 0, headerLength);
    if (header != null
        && (header.pages != count
            || header.firstPage != into.firstPage
            || header.storedLength != storedLength)) {
      header = null;
    }
    if (header != null) {
      System.arraycopy(header.starts, 0, into.starts, 0, count + 1);
      System.arraycopy(header.digests, 0, into.digests, 0, header.digests.length);
    } else {
      into.damage = "frame header damaged";
      if (!digestsFromFooter(frame, into)) {
        return;
      }
    }
    Codec codec = header != null ? header.codec : footer.codec(frame);
    int rawLength = into.starts[count];
    if (codec.decompress(reader.stored, headerLength, storedLength, into.raw, rawLength)) {
      into.whole = true;
    } else {
      into.fail("frame does not decompress");
    }
  }

  /** Checks the payload's checksum, which a page that is not looked at may need. */
  boolean payloadSound(int frame, Reader reader) {
    int headerLength = Frame.headerLength(footer.pagesIn(frame));
    ByteBuffer payload = reader.stored.slice(headerLength, footer.storedLength(frame));
    return Checksum.of(payload) == footer.payloadChecksum(frame);
  }

  private boolean digestsFromFooter(int frame, Loaded into) {
    int count = footer.pagesIn(frame);
    int rawLength = footer.rawLength(frame);
    // The footer has no lengths: all pages are whole but for a shorter last one, or the frame has
    // dropped pages and only its header can tell.
    if (!footer.regular(frame) && Page.count(rawLength) != count) {
      return false;
    }
    for (int i = 0; i <= count; i++) {
      into.starts[i] = Math.min(rawLength, i * Page.SIZE);
    }
    for (int i = 0; i < count; i++) {
      if (!digest(into.firstPage + i, into.digests, i * Page.DIGEST)) {
        return false;
      }
    }
    return true;
  }

  /** Copies the digest of a page; false when it cannot be had. */
  boolean digest(int page, byte[] to, int at) {
    if (page < 0 || page >= footer.pages()) {
      return false;
    }
    try {
      byte[] block = footer.digestBlock(file, page / PackFooter.DIGEST_BLOCK);
      if (block != null) {
        int from = page % PackFooter.DIGEST_BLOCK * Page.DIGEST;
        System.arraycopy(block, from, to, at, Page.DIGEST);
        return true;
      }
      int frame = footer.frameOf(page);
      if (frame < 0) {
        return false;
      }
      int length = Frame.headerLength(footer.pagesIn(frame));
      Frame header = Frame.parse(file.read(footer.offset(frame), length), 0, length);
      if (header == null || header.firstPage != footer.firstPage(frame)) {
        return false;
      }
      int from = (page - header.firstPage) * Page.DIGEST;
      System.arraycopy(header.digests, from, to, at, Page.DIGEST);
      return true;
    } catch (IOException e) {
      return false;
    }
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
