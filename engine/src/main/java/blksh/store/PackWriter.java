package blksh.store;

import blksh.io.PartFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A pack being written: frames are appended to a {@code .part} file that only this writer holds
 * locked; sealing makes it an immutable pack.
 *
 * <p>Order of durability: frames, footer, fsync of the file, rename, fsync of the directory. A
 * writer killed at any instant leaves either nothing, or a {@code .part} whose whole frames {@link
 * #recover} turns into a pack. The lock, which the system drops with the process, tells a dead
 * writer's file from a living one's.
 */
final class PackWriter {

  private final long id;
  private final Path sealed;
  private final PartFile part;
  private final PackFooter footer = new PackFooter();
  private byte[] digests = new byte[1024 * Page.DIGEST];
  private final byte[] head = new byte[Frame.MAX_HEADER];
  private long end = Pack.HEADER;

  private PackWriter(long id, Path sealed, PartFile part) {
    this.id = id;
    this.sealed = sealed;
    this.part = part;
  }

  /** Begins a pack; its file must not exist. */
  static PackWriter create(long id, Path sealed, byte[] storeId) throws IOException {
    Files.createDirectories(sealed.getParent());
    PackWriter writer = new PackWriter(id, sealed, PartFile.create(partOf(sealed)));
    byte[] header = Pack.header(id, storeId);
    try {
      Bytes.writeAt(writer.part.channel(), 0, header, 0, header.length);
    } catch (IOException e) {
      writer.discard();
      throw e;
    }
    return writer;
  }

  static Path partOf(Path sealed) {
    return sealed.resolveSibling(sealed.getFileName() + PartFile.ENDING);
  }

  long id() {
    return id;
  }

  Path path() {
    return sealed;
  }

  PackFooter footer() {
    return footer;
  }

  /** Digests of the pages, by number; valid up to the footer's count of pages. */
  byte[] digests() {
    return digests;
  }

  /** Bytes written so far. */
  long length() {
    return end;
  }

  /** Appends whole frames, from a buffer's position to its limit. Frames come by their pages. */
  void append(ByteBuffer frames) throws IOException {
    int at = frames.position();
    List<Frame> headers = new ArrayList<>();
    int page = footer.pages();
    while (at < frames.limit()) {
      frames.get(at, head, 0, Math.min(head.length, frames.limit() - at));
      Frame header = Frame.parse(head, 0, Math.min(head.length, frames.limit() - at));
      if (header == null
          || header.firstPage != page
          || header.headerLength() + header.storedLength > frames.limit() - at) {
        throw new IllegalArgumentException("not the frame of page " + page);
      }
      headers.add(header);
      page += header.pages;
      at += header.headerLength() + header.storedLength;
    }
    long written = end;
    while (frames.hasRemaining()) {
      written += part.channel().write(frames, written);
    }
    for (Frame header : headers) {
      note(header, end);
      end += header.headerLength() + header.storedLength;
    }
  }

  private void note(Frame header, long offset) {
    int from = header.firstPage * Page.DIGEST;
    if (from + header.digests.length > digests.length) {
      digests = Arrays.copyOf(digests, Math.max(digests.length * 2, from + header.digests.length));
    }
    System.arraycopy(header.digests, 0, digests, from, header.digests.length);
    footer.add(header, offset);
  }

  /** Makes the pack durable and immutable. */
  void seal() throws IOException {
    byte[] bytes = footer.encode(id, end, digests);
    part.channel().truncate(end);
    Bytes.writeAt(part.channel(), end, bytes, 0, bytes.length);
    end += bytes.length;
    part.publish(sealed);
    PartFile.syncDirectory(sealed.getParent().getParent());
  }

  /** Gives the space back. */
  void discard() {
    part.discard();
  }

  /**
   * Takes over the {@code .part} a dead process left: its whole frames become a sealed pack. Beside
   * a sealed pack it is a repair that did not come to its end, and only removed.
   *
   * @return the writer that sealed the pack, or null when the file belongs to a living writer, or
   *     was removed
   */
  static PackWriter recover(long id, Path sealed, byte[] storeId) throws IOException {
    PartFile part = PartFile.takeOver(partOf(sealed));
    if (part == null) {
      return null;
    }
    PackWriter writer = new PackWriter(id, sealed, part);
    boolean given = false;
    try {
      if (Files.exists(sealed) || !writer.takeWholeFrames(storeId)) {
        writer.discard();
        given = true;
        return null;
      }
      writer.seal();
      given = true;
      return writer;
    } finally {
      if (!given) {
        part.release();
      }
    }
  }

  private boolean takeWholeFrames(byte[] storeId) throws IOException {
    ReadOnlyFile file = new ReadOnlyFile(part.path(), part.channel());
    long size = file.size();
    if (size < Pack.HEADER || !Arrays.equals(file.read(0, Pack.HEADER), Pack.header(id, storeId))) {
      return false;
    }
    byte[] bytes = new byte[Frame.MAX_HEADER + Frame.MAX_RAW];
    while (end < size) {
      int length = (int) Math.min(bytes.length, size - end);
      file.read(end, bytes, 0, length);
      Frame frame = Frame.parse(bytes, 0, length);
      if (frame == null
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
