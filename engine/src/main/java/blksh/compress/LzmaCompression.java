package blksh.compress;

import blksh.block.BlockSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.tukaani.xz.LZMAInputStream;

/**
 * The {@code .lzma} format that came before xz: one stream, without checksums, readable in order
 * only.
 */
final class LzmaCompression implements Compression {

  /** Memory of a decoder at level 6, in bytes. */
  static final long USUAL_MEMORY = 9 << 20;

  /** LZMA decodes at 10 to 100 MB/s. */
  static final long STRETCH = 4L << 20;

  private static final int HEADER = 13;

  /** The properties every encoder writes: lc 3, lp 0, pb 2. */
  private static final int PROPERTIES = 0x5d;

  /** Sizes above are not believed, as in the xz tools: 256 GiB. */
  private static final long MOST_BELIEVED = 1L << 38;

  @Override
  public String name() {
    return "lzma";
  }

  /** There is no magic number: the fields must be as encoders write them. */
  @Override
  public boolean matches(byte[] start) {
    if (start.length < HEADER || start[0] != PROPERTIES) {
      return false;
    }
    ByteBuffer header = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN);
    int dictionary = header.getInt(1);
    long size = header.getLong(5);
    int lowest = Integer.lowestOneBit(dictionary);
    boolean roundDictionary =
        dictionary >= 1 << 12 && (dictionary == lowest || dictionary == lowest * 3);
    return roundDictionary && size >= -1 && size < MOST_BELIEVED;
  }

  @Override
  public long span() {
    return Long.MAX_VALUE;
  }

  @Override
  public long stretch() {
    return STRETCH;
  }

  @Override
  public long decoderMemory(byte[] start) {
    return (1 << 20)
        + (ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getInt(1) & 0xffffffffL);
  }

  @Override
  public Decoder decode(BlockSource raw, Checkpoint from, CheckpointSink found) throws IOException {
    SourceInput input = new SourceInput(raw, 0);
    return new StreamDecoder(
        input,
        () ->
            LzmaLibrary.isAvailable()
                ? new LzmaLibrary(LzmaLibrary.Format.ALONE, new byte[0], input, raw.size())
                : new LZMAInputStream(input, (int) (DecoderPool.MOST_MEMORY_EACH / 1024)));
  }
}
