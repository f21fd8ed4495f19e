package blksh.store.pack;

import blksh.io.Checksum;
import blksh.io.DirectBuffer;
import blksh.io.IoFailure;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * The next generation of a pack: the same without the pages nobody needs. The others keep their
 * numbers and their digests; the numbers of those that go stay unused. Frames of which all is
 * needed are copied as they are, proven or not; a frame is made anew, without what goes or because
 * its header is damaged, only when all that stays of it is what its digests say. The footer goes on
 * saying the digests of all that stays, also where no frame says them any more: by them a damaged
 * page is found when it is stored again. It is written beside the old one and durable before it
 * takes its name.
 */
public final class PackGeneration implements Closeable {

  private final PackDirectory packs;
  private final Pack old;
  private final IntPredicate needed;
  private final Codec usual;
  private final PackFooter footer;
  private final FrameReader reader = new FrameReader();
  private final LoadedFrame loaded = new LoadedFrame(Frame.MAX_PAGES);
  private final Map<Codec, Codec.Compressor> compressors = new EnumMap<>(Codec.class);
  private PackWriter writer;

  /** The page numbers it has pages of. */
  private final BitSet there = new BitSet();

  private int numbers;
  private int spared;
  private boolean published;

  /**
   * @param old whose footer is sound; open for as long as this is
   * @param needed which page numbers somebody needs
   * @param usual how frames are compressed that were not before
   */
  public PackGeneration(PackDirectory packs, Pack old, IntPredicate needed, Codec usual) {
    this.packs = packs;
    this.old = old;
    this.needed = needed;
    this.usual = usual;
    this.footer = old.footer();
  }

  /**
   * What it would be.
   *
   * @param held pages the old one has
   * @param dead pages of those that nobody needs
   * @param missing pages somebody needs that it neither has nor says the digest of, by which they
   *     are found elsewhere
   * @param bytes of frames it would have, about
   */
  public record Prospect(int held, int dead, int missing, long bytes) {}

  /** Looks at what it would be, without reading pages. */
  public Prospect prospect() throws UnreadablePack {
    int held = 0;
    int dead = 0;
    int wanted = 0;
    long bytes = 0;
    for (int frame = 0; frame < footer.frames(); frame++) {
      int there = held(frame);
      int kept = there & needed(frame);
      int length = (int) (old.frameEnd(frame) - footer.offset(frame));
      held += Integer.bitCount(there);
      dead += Integer.bitCount(there & ~kept);
      wanted += Integer.bitCount(kept);
      bytes += kept == 0 ? 0 : (long) length * Integer.bitCount(kept) / Integer.bitCount(there);
    }
    return new Prospect(held, dead, missing(wanted), bytes);
  }

  /**
   * @param wanted how many of those that are needed it has
   */
  private int missing(int wanted) throws UnreadablePack {
    int all = 0;
    for (int page = 0; page < Pack.MAX_PAGES; page++) {
      all += needed.test(page) ? 1 : 0;
    }
    if (all == wanted) {
      return 0;
    }
    byte[] digests = digestsOfOld();
    int unknown = 0;
    for (int page = 0; page < Pack.MAX_PAGES; page++) {
      if (needed.test(page)) {
        boolean known =
            page < old.pages() && !Page.isZero(digests, page * Page.DIGEST, Page.DIGEST);
        int frame = footer.frameOf(page);
        unknown += known || frame >= 0 && isHeld(frame, page) ? 0 : 1;
      }
    }
    return unknown;
  }

  private boolean isHeld(int frame, int page) throws UnreadablePack {
    return (held(frame) >>> page - footer.firstPage(frame) & 1) != 0;
  }

  /** Bit i is set when a frame has its page i. */
  private int held(int frame) throws UnreadablePack {
    int pages = footer.pagesIn(frame);
    int all = (int) ((1L << pages) - 1);
    Frame header;
    try {
      header = footer.regular(frame) ? null : old.headerOf(frame);
    } catch (IOException e) {
      throw new UnreadablePack(e);
    }
    for (int i = 0; header != null && i < pages; i++) {
      all &= header.pageLength(i) == 0 ? ~(1 << i) : -1;
    }
    return all;
  }

  private int needed(int frame) {
    int bits = 0;
    for (int i = 0; i < footer.pagesIn(frame); i++) {
      bits |= needed.test(footer.firstPage(frame) + i) ? 1 << i : 0;
    }
    return bits;
  }

  /**
   * Writes it, durable, as a part.
   *
   * @param storeId of the store it belongs to
   * @param between called before each frame; may throw to end it
   * @throws UnreadablePack when the old one cannot be read
   */
  public void write(byte[] storeId, Runnable between) throws IOException {
    byte[] before = digestsOfOld();
    writer = packs.replacement(old.id(), storeId);
    try (DirectBuffer raw = DirectBuffer.borrow(Frame.MAX_RAW);
        DirectBuffer out = DirectBuffer.borrow(Frame.MAX_HEADER + Frame.MAX_RAW)) {
      for (int frame = 0; frame < footer.frames(); frame++) {
        between.run();
        int held = held(frame);
        int kept = held & needed(frame);
        if (kept == held && kept != 0 && isHeaded(frame)) {
          copy(frame, held);
        } else if (kept != 0) {
          writeAnew(frame, held, kept, raw.bytes(), out.bytes());
        }
      }
      byte[] digests = staying(before);
      numbers = digests.length / Page.DIGEST;
      writer.finish(digests);
    }
  }

  /** Of the digests the old footer says those of pages that are needed or there, zeros else. */
  private byte[] staying(byte[] before) {
    int past = writer.pages();
    for (int page = past; page < old.pages(); page++) {
      past = needed.test(page) ? page + 1 : past;
    }
    byte[] all = new byte[past * Page.DIGEST];
    for (int page = 0; page < past; page++) {
      if (there.get(page) || needed.test(page)) {
        System.arraycopy(before, page * Page.DIGEST, all, page * Page.DIGEST, Page.DIGEST);
      }
    }
    return all;
  }

  private byte[] digestsOfOld() throws UnreadablePack {
    try {
      return old.digests();
    } catch (IOException e) {
      throw new UnreadablePack(e);
    }
  }

  private boolean isHeaded(int frame) throws UnreadablePack {
    try {
      return old.headerOf(frame) != null;
    } catch (IOException e) {
      throw new UnreadablePack(e);
    }
  }

  /** The old pack cannot be read, which says nothing of where the new one goes. */
  public static final class UnreadablePack extends IOException {
    UnreadablePack(IOException cause) {
      super(IoFailure.reason(cause), cause);
    }
  }

  /**
   * @param held of the frame, bit by bit
   */
  private void copy(int frame, int held) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(bytesOf(frame));
    if (isHeaded(frame)) {
      writer.append(bytes);
    } else {
      writer.appendAsIs(footer, frame, bytes);
    }
    note(frame, held);
  }

  /** A frame as it is stored; read twice if need be, as this copy will be the only one. */
  private byte[] bytesOf(int frame) throws UnreadablePack {
    int length = (int) (old.frameEnd(frame) - footer.offset(frame));
    int header = Frame.headerLength(footer.pagesIn(frame));
    try {
      byte[] bytes = old.file().read(footer.offset(frame), length);
      boolean asWritten =
          Checksum.of(bytes, header, length - header) == footer.payloadChecksum(frame);
      return asWritten ? bytes : old.file().read(footer.offset(frame), length);
    } catch (IOException e) {
      throw new UnreadablePack(e);
    }
  }

  private void note(int frame, int pages) {
    for (int i = 0; i < Frame.MAX_PAGES; i++) {
      if ((pages >>> i & 1) != 0) {
        there.set(footer.firstPage(frame) + i);
      }
    }
  }

  private void writeAnew(int frame, int held, int kept, ByteBuffer raw, ByteBuffer out)
      throws IOException {
    reader.load(old, frame, kept, loaded);
    if ((loaded.proven() & kept) != kept) {
      copy(frame, held); // what is left of it may be read some day
      spared += Integer.bitCount(held & ~kept);
      return;
    }
    int first = Integer.numberOfTrailingZeros(kept);
    int pages = Integer.SIZE - Integer.numberOfLeadingZeros(kept) - first;
    int[] starts = new int[pages + 1];
    byte[] ofFrame = new byte[pages * Page.DIGEST];
    for (int i = 0; i < pages; i++) {
      int from = first + i;
      int length = (kept >>> from & 1) == 0 ? 0 : loaded.starts[from + 1] - loaded.starts[from];
      raw.put(starts[i], loaded.raw, loaded.starts[from], length);
      starts[i + 1] = starts[i] + length;
      if (length > 0) {
        System.arraycopy(loaded.digests, from * Page.DIGEST, ofFrame, i * Page.DIGEST, Page.DIGEST);
      }
    }
    Codec codec = footer.codec(frame) == Codec.RAW ? usual : footer.codec(frame);
    Codec.Compressor compressor = compressors.computeIfAbsent(codec, Codec::compressor);
    Frame.write(
        codec, compressor, loaded.firstPage + first, starts, raw, 0, ofFrame, 0, out.clear());
    writer.append(out.flip());
    note(frame, kept);
  }

  /** Pages nobody needs that stay, as what is needed of their frames cannot be read. */
  public int spared() {
    return spared;
  }

  /** What the pages that go are found by in a page index. */
  public interface Gone {
    void page(byte[] digests, int at, int page);
  }

  /** Sees the pages that go: those the old one has a digest of, and the new one, if any, not. */
  public void forEachGone(Gone visitor) throws IOException {
    byte[] before = old.digests();
    for (int page = 0; page < old.pages(); page++) {
      boolean known = !Page.isZero(before, page * Page.DIGEST, Page.DIGEST);
      if (known && !needed.test(page) && !there.get(page)) {
        visitor.page(before, page * Page.DIGEST, page);
      }
    }
  }

  /** Gives it the name of the old one, durable when this returns. Needs {@link #write} before. */
  public void publish() throws IOException {
    try {
      writer.publish();
      published = true;
    } finally {
      packs.forget(old.id()); // which it may be, even if that failed
    }
  }

  /** Page numbers its footer speaks of: one past the highest. */
  public int pages() {
    return numbers;
  }

  public int frames() {
    return writer.frames();
  }

  /** Bytes of all its pages. */
  public long rawBytes() {
    return writer.rawBytes();
  }

  /** Bytes of its file. */
  public long length() {
    return writer.length();
  }

  /** Gives its space back unless it was published. */
  @Override
  public void close() {
    compressors.values().forEach(Codec.Compressor::close);
    if (writer != null && !published) {
      writer.discard();
    }
  }
}
