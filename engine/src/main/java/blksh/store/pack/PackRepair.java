package blksh.store.pack;

import blksh.io.Checksum;
import blksh.io.DirectBuffer;
import blksh.store.shelf.Blob;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Writes a pack anew from what it says twice and has lost once: its header, its footer, the header
 * of a frame. Pages that fail their digest and are stored again elsewhere are dropped; all else is
 * kept, also what is damaged or nothing describes, so that there is never less than before. The new
 * pack takes the place of the old once it is durable; page numbers stay, and digests do.
 */
public final class PackRepair {

  /** Bytes copied at once. */
  private static final int COPY = 1 << 18;

  private final PackDirectory packs;
  private final byte[] storeId;
  private final CodecChoice compression;

  /** Decides what of a pack is not needed any more. */
  public interface Dispensable {
    /** Whether a page fails its digest here and is sound elsewhere. */
    boolean page(int page);
  }

  /**
   * @param storeId of the store the packs belong to
   * @param compression of frames that are made anew
   */
  public PackRepair(PackDirectory packs, byte[] storeId, CodecChoice compression) {
    this.packs = packs;
    this.storeId = storeId;
    this.compression = compression;
  }

  /** Whether a pack has lost nothing that it says twice. */
  public boolean isSound(Pack pack) throws IOException {
    return looksSound(pack) || pack.file().forget() && looksSound(pack);
  }

  private static boolean payloadsSound(Pack pack) throws IOException {
    PackFooter footer = pack.footer();
    for (int frame = 0; frame < footer.frames(); frame++) {
      int header = Frame.headerLength(footer.pagesIn(frame));
      byte[] payload = pack.file().read(footer.offset(frame) + header, footer.storedLength(frame));
      if (Checksum.of(payload, 0, payload.length) != footer.payloadChecksum(frame)) {
        return false;
      }
    }
    return true;
  }

  private boolean looksSound(Pack pack) throws IOException {
    byte[] header = pack.file().read(0, Pack.HEADER);
    boolean headerSound = Arrays.equals(header, Pack.header(pack.id(), storeId));
    return headerSound && pack.footerSound() && digestsSound(pack) && framesSound(pack);
  }

  /** Whether all of a pack is as it was written, as far as its checksums tell. */
  public boolean isAsWritten(Pack pack) throws IOException {
    return isSound(pack) && (payloadsSound(pack) || pack.file().forget() && payloadsSound(pack));
  }

  /**
   * The pages of a pack that are what their digests say.
   *
   * @param file what is, or may become, the pack; it is closed
   * @return null when it cannot be opened as that pack
   */
  public BitSet proven(long id, Blob file, Runnable between) {
    try (Pack pack = Pack.open(id, file, storeId, packs.pageSize())) {
      BitSet proven = new BitSet();
      FrameReader reader = new FrameReader();
      LoadedFrame loaded = LoadedFrame.largest();
      for (int frame = 0; frame < pack.footer().frames(); frame++) {
        between.run();
        reader.load(pack, frame, -1, loaded);
        for (int i = 0; i < loaded.pages; i++) {
          if (loaded.has(loaded.firstPage + i)) {
            proven.set(loaded.firstPage + i);
          }
        }
      }
      return proven;
    } catch (IOException e) {
      return null;
    }
  }

  private static boolean digestsSound(Pack pack) throws IOException {
    for (int block = 0; block < pack.footer().digestBlocks(); block++) {
      if (pack.footer().digestBlock(pack.file(), block) == null) {
        return false;
      }
    }
    return true;
  }

  private static boolean framesSound(Pack pack) throws IOException {
    for (int frame = 0; frame < pack.footer().frames(); frame++) {
      if (pack.headerOf(frame) == null) {
        return false;
      }
    }
    return true;
  }

  /** Writes a pack anew. Nobody else uses the store meanwhile. */
  public void rewrite(Pack pack, Dispensable dispensable) throws IOException {
    PackWriter writer = packs.replacement(pack.id(), storeId);
    boolean sealed = false;
    try (CodecChoice.Compressor compressor = compression.compressor();
        Anew anew = new Anew(pack, writer, compressor)) {
      long at = Pack.HEADER;
      for (int frame = 0; frame < pack.footer().frames(); frame++) {
        copyUndescribed(pack, at, pack.footer().offset(frame), writer);
        anew.frame(frame, dispensable);
        at = pack.frameEnd(frame);
      }
      if (!pack.footerSound()) {
        // Where the footer was; it may be frames that lost their headers.
        copyUndescribed(pack, at, pack.size(), writer);
      }
      writer.seal(anew.digests);
      sealed = true;
    } finally {
      if (!sealed) {
        writer.discard();
      }
    }
  }

  private static void copyUndescribed(Pack pack, long from, long to, PackWriter writer)
      throws IOException {
    for (long at = from; at < to; ) {
      int length = (int) Math.min(COPY, to - at);
      writer.appendUndescribed(ByteBuffer.wrap(pack.file().read(at, length)));
      at += length;
    }
  }

  /** Makes frames of a pack anew, one after the other. */
  private final class Anew implements AutoCloseable {
    private final Pack pack;
    private final PackWriter writer;
    private final CodecChoice.Compressor compressor;
    private final FrameReader reader = new FrameReader();
    private final LoadedFrame loaded = LoadedFrame.largest();
    private final DirectBuffer rawMemory = DirectBuffer.borrow(Frame.MAX_RAW);
    private final DirectBuffer outMemory = DirectBuffer.borrow(Frame.MAX_HEADER + Frame.MAX_RAW);

    /** By page number. Those of pages that are dropped are needed, to find them elsewhere. */
    private final byte[] digests;

    Anew(Pack pack, PackWriter writer, CodecChoice.Compressor compressor) throws IOException {
      this.digests = pack.digests();
      this.pack = pack;
      this.writer = writer;
      this.compressor = compressor;
    }

    void frame(int frame, Dispensable dispensable) throws IOException {
      PackFooter footer = pack.footer();
      int length = (int) (pack.frameEnd(frame) - footer.offset(frame));
      boolean headed = pack.headerOf(frame) != null;
      reader.load(pack, frame, -1, loaded);
      int unproven = unproven();
      int droppable = 0;
      for (int i = 0; i < loaded.pages; i++) {
        int page = loaded.firstPage + i;
        boolean known = !Page.isZero(digests, page * Page.DIGEST, Page.DIGEST);
        if ((unproven >>> i & 1) != 0 && known && dispensable.page(page)) {
          droppable |= 1 << i;
        }
      }
      if (unproven == droppable && (!headed || droppable != 0)) {
        writeAnew(droppable);
      } else if (headed) {
        writer.append(ByteBuffer.wrap(pack.file().read(footer.offset(frame), length)));
      } else {
        writer.appendAsIs(
            footer, frame, ByteBuffer.wrap(pack.file().read(footer.offset(frame), length)));
      }
    }

    /** Bit i is set when page i is there and has not its digest. */
    private int unproven() {
      int bits = 0;
      for (int i = 0; i < loaded.pages; i++) {
        boolean there = !loaded.whole() || loaded.starts[i + 1] > loaded.starts[i];
        bits |= there && (loaded.proven() >>> i & 1) == 0 ? 1 << i : 0;
      }
      return bits;
    }

    private void writeAnew(int dropped) throws IOException {
      ByteBuffer raw = rawMemory.bytes();
      int[] starts = new int[loaded.pages + 1];
      for (int i = 0; i < loaded.pages; i++) {
        boolean stays = (dropped >>> i & 1) == 0;
        int length = stays ? loaded.starts[i + 1] - loaded.starts[i] : 0;
        raw.put(starts[i], loaded.raw, loaded.starts[i], length);
        starts[i + 1] = starts[i] + length;
      }
      ByteBuffer out = outMemory.bytes().clear();
      int digestsAt = loaded.firstPage * Page.DIGEST;
      Frame.write(
          compressor, pack.pageSize(), loaded.firstPage, starts, raw, 0, digests, digestsAt, out);
      writer.append(out.flip());
    }

    @Override
    public void close() {
      rawMemory.close();
      outMemory.close();
    }
  }
}
