package blksh.store.pack;

import blksh.io.DirectBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Writes a pack anew from what it says twice and has lost once: its header, its footer, the header
 * of a frame. The new one takes the place of the old once it is durable; page numbers stay.
 */
public final class PackRepair {

  private final PackDirectory packs;
  private final byte[] storeId;
  private final Codec codec;

  /**
   * @param storeId of the store the packs belong to
   * @param codec for frames whose header is made anew
   */
  public PackRepair(PackDirectory packs, byte[] storeId, Codec codec) {
    this.packs = packs;
    this.storeId = storeId;
    this.codec = codec;
  }

  /** Whether a pack has lost nothing that it says twice. */
  public boolean isSound(Pack pack) throws IOException {
    byte[] header = pack.file().read(0, Pack.HEADER);
    boolean headerSound = Arrays.equals(header, Pack.header(pack.id(), storeId));
    return headerSound && pack.footerSound() && digestsSound(pack) && framesSound(pack);
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
      if (headerOf(pack, frame) == null) {
        return false;
      }
    }
    return true;
  }

  private static Frame headerOf(Pack pack, int frame) throws IOException {
    int length = Frame.headerLength(pack.footer().pagesIn(frame));
    return Frame.parse(pack.file().read(pack.footer().offset(frame), length), 0, length);
  }

  /**
   * Copies the frames that can be read as they are, and makes anew the header of those that cannot.
   * A frame whose pages are damaged is copied too: nothing is thrown away. Nobody else uses the
   * store meanwhile.
   */
  public void rewrite(Pack pack) throws IOException {
    PackFooter footer = pack.footer();
    PackWriter writer = packs.replacement(pack.id(), storeId);
    boolean sealed = false;
    try (Codec.Compressor compressor = codec.compressor();
        DirectBuffer rawMemory = DirectBuffer.borrow(Frame.MAX_RAW);
        DirectBuffer outMemory = DirectBuffer.borrow(Frame.MAX_HEADER + Frame.MAX_RAW)) {
      FrameReader reader = new FrameReader();
      LoadedFrame loaded = new LoadedFrame(Frame.MAX_PAGES);
      ByteBuffer raw = rawMemory.bytes();
      ByteBuffer out = outMemory.bytes();
      for (int frame = 0; frame < footer.frames(); frame++) {
        int stored = footer.storedLength(frame);
        int header = Frame.headerLength(footer.pagesIn(frame));
        if (headerOf(pack, frame) != null) {
          writer.append(ByteBuffer.wrap(pack.file().read(footer.offset(frame), header + stored)));
          continue;
        }
        reader.load(pack, frame, -1, loaded);
        int all = loaded.pages == 32 ? -1 : (1 << loaded.pages) - 1;
        if (loaded.proven() != all) {
          throw new IOException("a frame has lost its header and pages; the pack stays as it is");
        }
        int rawLength = loaded.starts[loaded.pages];
        raw.put(0, loaded.raw, 0, rawLength);
        Frame.write(
            codec,
            compressor,
            loaded.firstPage,
            loaded.pages,
            raw,
            0,
            rawLength,
            loaded.digests,
            0,
            out.clear());
        writer.append(out.flip());
      }
      writer.seal();
      sealed = true;
    } finally {
      if (!sealed) {
        writer.discard();
      }
    }
  }
}
