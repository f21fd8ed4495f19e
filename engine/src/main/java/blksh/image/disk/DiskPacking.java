package blksh.image.disk;

import blksh.lz.BadChunkException;
import blksh.lz.Deflate;
import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;

/** How a unit of a virtual disk is compressed. */
enum DiskPacking {
  /** Raw deflate, as qcow2 has it. */
  DEFLATE,
  /** Deflate with the frame of zlib, as VMDK has it. */
  ZLIB,
  /** Zstandard, in one frame or several. */
  ZSTD;

  /**
   * Decodes a unit.
   *
   * @param from after its end may be anything
   * @param length bytes of the unit
   * @throws BadChunkException when it does not decode, or to fewer bytes
   */
  byte[] decode(byte[] from, int length) throws BadChunkException {
    byte[] to = new byte[length];
    int done = this == ZSTD ? zstd(from, to) : Deflate.decode(from, to, this == DEFLATE);
    if (done < length) {
      throw new BadChunkException("decodes to %d bytes of %d".formatted(done, length));
    }
    return to;
  }

  private static long checked(long result) throws BadChunkException {
    if (Zstd.isError(result)) {
      throw new BadChunkException("does not decode (%s)".formatted(Zstd.getErrorName(result)));
    }
    return result;
  }

  private static int zstd(byte[] from, byte[] to) throws BadChunkException {
    try {
      int at = 0;
      int done = 0;
      while (done < to.length && at < from.length) {
        long frame = checked(Zstd.findFrameCompressedSize(from, at, from.length - at));
        done +=
            (int)
                checked(
                    Zstd.decompressByteArray(to, done, to.length - done, from, at, (int) frame));
        at += (int) Math.max(1, frame);
      }
      return done;
    } catch (ZstdException e) {
      throw new BadChunkException("does not decode (%s)".formatted(e.getMessage()));
    }
  }
}
