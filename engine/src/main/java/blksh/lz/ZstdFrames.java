package blksh.lz;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;

/** Chunks of Zstandard frames that are decoded whole. */
public final class ZstdFrames {

  private ZstdFrames() {}

  /**
   * Decodes frames that follow each other.
   *
   * @param from after the frames that are decoded may be anything
   * @param most how many frames are decoded at most; no more than fill {@code to}
   * @return the bytes that were decoded
   * @throws BadChunkException when one is none, or decodes to more than there is room for
   */
  public static int decode(byte[] from, byte[] to, int most) throws BadChunkException {
    try {
      int at = 0;
      int done = 0;
      for (int i = 0; i < most && done < to.length && at < from.length; i++) {
        int frame = checked(Zstd.findFrameCompressedSize(from, at, from.length - at));
        done += checked(Zstd.decompressByteArray(to, done, to.length - done, from, at, frame));
        at += Math.max(1, frame);
      }
      return done;
    } catch (ZstdException e) {
      throw undecoded(e.getMessage());
    }
  }

  private static int checked(long result) throws BadChunkException {
    if (Zstd.isError(result)) {
      throw undecoded(Zstd.getErrorName(result));
    }
    return (int) result;
  }

  private static BadChunkException undecoded(String reason) {
    return new BadChunkException("does not decode (%s)".formatted(reason));
  }
}
