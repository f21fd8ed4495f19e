package blksh.store.pack;

import blksh.io.Checksum;
import blksh.store.shelf.Part;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A pack being written: frames are appended to a part that only this writer has; sealing makes it
 * an immutable pack.
 *
 * <p>Order of durability: frames, footer, both made durable, then the name. A writer killed at any
 * instant leaves either nothing, or a part whose whole frames {@link #salvage} turns into a pack.
 */
public final class PackWriter {

  private final long id;
  private final Part part;
  private final PackFooter footer;
  private byte[] digests = new byte[1024 * Page.DIGEST];
  private final byte[] head = new byte[Frame.MAX_HEADER];
  private long end = Pack.HEADER;

  private PackWriter(long id, Part part, PageSize pageSize) {
    this.id = id;
    this.footer = new PackFooter(pageSize);
    this.part = part;
  }

  /** Begins a pack in an empty part, which is discarded when that fails. */
  static PackWriter begin(long id, Part part, byte[] storeId, PageSize pageSize)
      throws IOException {
    byte[] header = Pack.header(id, storeId);
    boolean begun = false;
    try {
      part.write(0, header, 0, header.length);
      begun = true;
      return new PackWriter(id, part, pageSize);
    } finally {
      if (!begun) {
        part.discard();
      }
    }
  }

  public long id() {
    return id;
  }

  /** Page numbers used so far. */
  public int pages() {
    return footer.pages();
  }

  public int frames() {
    return footer.frames();
  }

  /** Bytes of all pages so far. */
  public long rawBytes() {
    return footer.rawBytes();
  }

  /** Digests of the pages, by number; valid up to {@link #pages}. */
  public byte[] digests() {
    return digests;
  }

  /** Bytes written so far. */
  public long length() {
    return end;
  }

  /** Appends whole frames, from a buffer's position to its limit. Frames come by their pages. */
  public void append(ByteBuffer frames) throws IOException {
    int at = frames.position();
    List<Frame> headers = new ArrayList<>();
    int page = footer.pages();
    while (at < frames.limit()) {
      frames.get(at, head, 0, Math.min(head.length, frames.limit() - at));
      Frame header = Frame.parse(head, 0, Math.min(head.length, frames.limit() - at));
      if (header == null
          || header.pageSize != footer.pageSize()
          || header.firstPage < page
          || header.headerLength() + header.storedLength > frames.limit() - at) {
        throw new IllegalArgumentException("not the frame of page " + page);
      }
      headers.add(header);
      page = header.firstPage + header.pages;
      at += header.headerLength() + header.storedLength;
    }
    part.write(end, frames);
    for (Frame header : headers) {
      note(header, end);
      end += header.headerLength() + header.storedLength;
    }
  }

  /** Appends bytes that no frame describes, and a footer will not. */
  void appendUndescribed(ByteBuffer bytes) throws IOException {
    int length = bytes.remaining();
    part.write(end, bytes);
    end += length;
  }

  /** Appends a frame as it is, though its header is damaged: the footer goes on describing it. */
  void appendAsIs(PackFooter from, int frame, ByteBuffer bytes) throws IOException {
    footer.copy(from, frame, end);
    appendUndescribed(bytes);
  }

  private void note(Frame header, long offset) {
    int from = header.firstPage * Page.DIGEST;
    if (from + header.digests.length > digests.length) {
      digests = Arrays.copyOf(digests, Math.max(digests.length * 2, from + header.digests.length));
    }
    System.arraycopy(header.digests, 0, digests, from, header.digests.length);
    footer.add(header, offset);
  }

  /**
   * Makes the pack durable and immutable.
   *
   * @throws IOException also when there is a pack of its id, which stays
   */
  public void seal() throws IOException {
    end(digests);
    if (!part.publishIfAbsent(PackDirectory.nameOf(id))) {
      throw new IOException("there is a pack " + PackDirectory.idText(id) + " already");
    }
  }

  /**
   * Makes the pack durable in place of the one of its id, with digests of more than the frames say.
   *
   * @param all of pages by number, for those that no frame says; where it has more numbers than
   *     frames do, those are used too
   */
  void seal(byte[] all) throws IOException {
    addDigests(all);
    end(all);
    publish();
  }

  private void addDigests(byte[] all) {
    footer.usePages(all.length / Page.DIGEST);
    for (int at = 0; at < Math.min(all.length, digests.length); at += Page.DIGEST) {
      if (!Page.isZero(digests, at, Page.DIGEST)) {
        System.arraycopy(digests, at, all, at, Page.DIGEST); // what its frame says
      }
    }
  }

  private void end(byte[] all) throws IOException {
    byte[] bytes = footer.encode(id, end, all);
    part.truncate(end);
    part.write(end, bytes, 0, bytes.length);
    end += bytes.length;
  }

  /**
   * Makes the pack whole and durable, but not yet a pack: {@link #publish} is left.
   *
   * @param all as of {@link #seal(byte[])}; of no fewer pages than there are
   */
  void finish(byte[] all) throws IOException {
    addDigests(all);
    end(all);
    part.force();
  }

  /** Gives a whole pack its name. */
  void publish() throws IOException {
    part.publish(PackDirectory.nameOf(id));
  }

  /** Leaves it as it is, for another process or the next capture to seal what is whole of it. */
  public void leave() {
    part.close();
  }

  /** Gives the space back, unless the pack was sealed. */
  public void discard() {
    part.discard();
  }

  /**
   * Seals the whole frames of a part a dead writer left, or discards it when there is none.
   *
   * @return the writer that sealed it, or null
   */
  static PackWriter salvage(long id, Part part, byte[] storeId, PageSize pageSize)
      throws IOException {
    PackWriter writer = new PackWriter(id, part, pageSize);
    if (!writer.takeWholeFrames(storeId)) {
      writer.discard();
      return null;
    }
    writer.end(writer.digests);
    if (!part.publishIfAbsent(PackDirectory.nameOf(id))) {
      writer.discard(); // its writer had put it before he died
      return null;
    }
    return writer;
  }

  private boolean takeWholeFrames(byte[] storeId) throws IOException {
    long size = part.size();
    if (size < Pack.HEADER || !Arrays.equals(part.read(0, Pack.HEADER), Pack.header(id, storeId))) {
      return false;
    }
    byte[] bytes = new byte[Frame.MAX_HEADER + Frame.MAX_RAW];
    while (end < size) {
      int length = (int) Math.min(bytes.length, size - end);
      part.read(end, bytes, 0, length);
      Frame frame = Frame.parse(bytes, 0, length);
      if (frame == null
          || frame.pageSize != footer.pageSize()
          || frame.firstPage != footer.pages()
          || frame.headerLength() + frame.storedLength > length
          || frame.payloadChecksum
              != Checksum.of(bytes, frame.headerLength(), frame.storedLength)) {
        break;
      }
      note(frame, end);
      end += frame.headerLength() + frame.storedLength;
    }
    return footer.pages() > 0;
  }
}
