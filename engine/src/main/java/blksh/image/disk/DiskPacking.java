package blksh.image.disk;

import blksh.lz.BadChunkException;
import blksh.lz.Deflate;
import blksh.lz.ZstdFrames;

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
    int done =
        this == ZSTD
            ? ZstdFrames.decode(from, to, Integer.MAX_VALUE)
            : Deflate.decode(from, to, this == DEFLATE);
    if (done < length) {
      throw new BadChunkException("decodes to %d bytes of %d".formatted(done, length));
    }
    return to;
  }
}
