package blksh.store.pack;

import blksh.io.Checksum;
import blksh.io.DirectBuffer;
import blksh.io.IoFailure;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * The next generation of a pack: the same without the pages nobody needs. The others keep their
 * numbers and their digests; the numbers of those that go stay unused. Frames of which all is
 * needed are copied as they are, proven or not; a frame is made anew, without what goes or because
 * its header is damaged, only when all that stays of it is what its digests say. What is made anew
 * is compressed as the store is now, by no lesser codec than it was. The footer goes on saying the
 * digests of all that stays, also where no frame says them any more: by them a damaged page is
 * found when it is stored again. It is written beside the old one and durable before it takes its
 * name.
 */
public final class PackGeneration implements Closeable {

  private final PackDirectory packs;
  private final Pack old;
  private final IntPredicate needed;
  private final CodecChoice usual;
  private final boolean raising;
  private final PackFooter footer;
  private final FrameReader reader = new FrameReader();
  private final LoadedFrame loaded = LoadedFrame.largest();
  private final Map<CodecChoice, CodecChoice.Compressor> compressors = new HashMap<>();
  private final Anew anew = new Anew();
  private PackWriter writer;

  /** The page numbers it has pages of. */
  private final BitSet there = new BitSet();

  private int numbers;
  private int spared;
  private boolean published;

  /**
   * @param old whose footer is sound; open for as long as this is
   * @param needed which page numbers somebody needs
   * @param usual how the store compresses what is new
   * @param raising whether frames that could stay as they are, but would be smaller as the store
   *     compresses now, are made anew too, and small ones put together
   */
  public PackGeneration(
      PackDirectory packs, Pack old, IntPredicate needed, CodecChoice usual, boolean raising) {
    this.packs = packs;
    this.old = old;
    this.needed = needed;
    this.usual = usual;
    this.raising = raising && usual.usesZstd();
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
      anew.raw = raw.bytes();
      anew.out = out.bytes();
      for (int frame = 0; frame < footer.frames(); frame++) {
        between.run();
        int held = held(frame);
        int kept = held & needed(frame);
        if (kept == held && kept != 0 && isHeaded(frame) && !isRaised(frame)) {
          anew.end();
          copy(frame, held);
        } else if (kept != 0) {
          makeAnew(frame, held, kept);
        }
      }
      anew.end();
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

  /** Whether it is made anew to be smaller. */
  private boolean isRaised(int frame) {
    return raising
        && (footer.codec(frame) != Codec.ZSTD || usual.level() > CodecChoice.USUAL_LEVEL);
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

  private void makeAnew(int frame, int held, int kept) throws IOException {
    reader.load(old, frame, kept, loaded);
    if ((loaded.proven() & kept) != kept) {
      anew.end();
      copy(frame, held); // what is left of it may be read some day
      spared += Integer.bitCount(held & ~kept);
      return;
    }
    anew.add(frame, held, kept);
    if (!raising) {
      anew.end();
    }
  }

  /** How a frame is compressed that was by a codec: by no lesser one. */
  private CodecChoice compressionAfter(Codec before) {
    return switch (before) {
      case RAW -> usual;
      case LZ4 -> usual.usesZstd() ? usual : CodecChoice.LZ4;
      case ZSTD -> CodecChoice.zstd(Math.max(usual.level(), CodecChoice.USUAL_LEVEL));
    };
  }

  /**
   * A frame made anew of what stays of one of the old, or of several neighbours. Those with all
   * their pages and those without are not mixed: of a frame that has all, the footer says what its
   * header does, should that be damaged.
   */
  private final class Anew {
    private final List<Integer> frames = new ArrayList<>();
    private final int[] starts = new int[Frame.MAX_PAGES + 1];
    private final byte[] digests = new byte[Frame.MAX_PAGES * Page.DIGEST];
    private ByteBuffer raw;
    private ByteBuffer out;

    /** Page number of its first page, and how many it has. */
    private int first;

    private int pages;

    /** The old bytes of its frames; -1 when they could not be copied in its place. */
    private long before;

    private boolean whole;
    private Codec strongest;

    /** Adds what was loaded of a frame, after those before it or instead of them. */
    void add(int frame, int held, int kept) throws IOException {
      int from = Integer.numberOfTrailingZeros(kept);
      int past = Integer.SIZE - Integer.numberOfLeadingZeros(kept);
      boolean all = kept == held && footer.regular(frame);
      boolean apart = loaded.firstPage + from > first + pages;
      boolean tooLong = loaded.firstPage + past - first > Frame.maxPages(old.pageSize());
      if (!frames.isEmpty() && (all != whole || all && apart || tooLong)) {
        end();
      }
      if (frames.isEmpty()) {
        first = loaded.firstPage + from;
        pages = 0;
        before = 0;
        whole = all;
        strongest = Codec.RAW;
      }
      while (pages < loaded.firstPage + from - first) {
        add(0, 0); // numbers that stay unused
      }
      for (int i = from; i < past; i++) {
        boolean stays = (kept >>> i & 1) != 0;
        add(i, stays ? loaded.starts[i + 1] - loaded.starts[i] : 0);
      }
      boolean copied = kept == held && isHeaded(frame);
      before = copied && before >= 0 ? before + old.frameEnd(frame) - footer.offset(frame) : -1;
      Codec codec = footer.codec(frame);
      strongest = codec.compareTo(strongest) > 0 ? codec : strongest;
      frames.add(frame);
    }

    /** Adds a page of the frame that was loaded, or a number without one. */
    private void add(int page, int length) {
      int at = pages * Page.DIGEST;
      raw.put(starts[pages], loaded.raw, length == 0 ? 0 : loaded.starts[page], length);
      Arrays.fill(digests, at, at + Page.DIGEST, (byte) 0);
      if (length > 0) {
        System.arraycopy(loaded.digests, page * Page.DIGEST, digests, at, Page.DIGEST);
      }
      starts[pages + 1] = starts[pages] + length;
      pages++;
    }

    /** Writes it, if there is anything of it; as it was where that is no more. */
    void end() throws IOException {
      if (frames.isEmpty()) {
        return;
      }
      CodecChoice.Compressor compressor =
          compressors.computeIfAbsent(compressionAfter(strongest), CodecChoice::compressor);
      Frame.write(
          compressor,
          old.pageSize(),
          first,
          Arrays.copyOf(starts, pages + 1),
          raw,
          0,
          digests,
          0,
          out.clear());
      out.flip();
      if (before >= 0 && before <= out.limit()) {
        for (int frame : frames) {
          copy(frame, held(frame));
        }
      } else {
        writer.append(out);
        for (int i = 0; i < pages; i++) {
          if (starts[i + 1] > starts[i]) {
            there.set(first + i);
          }
        }
      }
      frames.clear();
    }
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
    compressors.values().forEach(CodecChoice.Compressor::close);
    if (writer != null && !published) {
      writer.discard();
    }
  }
}
