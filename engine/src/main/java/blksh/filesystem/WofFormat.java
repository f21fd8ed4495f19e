package blksh.filesystem;

import blksh.lz.BadChunkException;
import blksh.lz.Lzx;
import blksh.lz.XpressHuffman;

/** How Windows compresses system files, by the numbers in {@code wofapi.h}. */
enum WofFormat {
  XPRESS4K(4 << 10),
  LZX(32 << 10),
  XPRESS8K(8 << 10),
  XPRESS16K(16 << 10);

  /** The stream it is kept in. */
  static final String STREAM = "WofCompressedData";

  private final int chunkSize;

  WofFormat(int chunkSize) {
    this.chunkSize = chunkSize;
  }

  /** The one of a number; null when there is none. */
  static WofFormat of(int number) {
    return number < 0 || number >= values().length ? null : values()[number];
  }

  /** Uncompressed bytes of a chunk. */
  int chunkSize() {
    return chunkSize;
  }

  /** Decodes a chunk that is shorter than what it comes to. */
  void decode(byte[] from, byte[] into, int length) throws BadChunkException {
    if (this == LZX) {
      Lzx.decode(from, into, length);
    } else {
      XpressHuffman.decode(from, into, length);
    }
  }
}
