package blksh.compress;

import blksh.block.BlockSource;
import blksh.io.IoFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Opens compressed sources by their content. */
public final class Compressed {

  private static final List<Compression> KNOWN =
      List.of(
          new GzipCompression(),
          new ZstdCompression(),
          new XzCompression(),
          new Lz4Compression(),
          new Bzip2Compression(),
          new LzipCompression(),
          new LzopCompression(),
          new LzmaCompression());

  private static final int SKIPPABLE = 0x184d2a50;
  private static final int SKIPPABLE_MASK = 0xfffffff0;
  private static final int MOST_SKIPPED = 16;

  private Compressed() {}

  /**
   * Opens a source as what it decompresses to, when it begins like a compressed stream of a known
   * format. Reads a few bytes and the index kept from an earlier opening; decodes nothing.
   *
   * @param raw the compressed bytes; closed with the result, and never by a failure or an empty
   *     result
   * @param indexDirectory where checkpoints are kept between openings, at most {@link
   *     IndexDirectory#MOST_BYTES} in all; made when it is not there
   * @return a {@link CompressedSource}, or nothing when the source is not compressed
   */
  public static Optional<BlockSource> open(BlockSource raw, Path indexDirectory) {
    byte[] bytes = start(raw);
    for (Compression compression : KNOWN) {
      if (compression.matches(bytes)) {
        return Optional.of(open(raw, compression, bytes, indexDirectory));
      }
    }
    return Optional.empty();
  }

  /** The bytes a stream begins with, after the frames that zstd and lz4 let a reader skip. */
  private static byte[] start(BlockSource raw) {
    long at = 0;
    for (int skipped = 0; ; skipped++) {
      ByteBuffer start = ByteBuffer.allocate(Compression.MAGIC_BYTES);
      start.order(ByteOrder.LITTLE_ENDIAN);
      int count = raw.read(at, start);
      boolean skips = count >= 8 && (start.getInt(0) & SKIPPABLE_MASK) == SKIPPABLE;
      if (!skips || skipped == MOST_SKIPPED) {
        return Arrays.copyOf(start.array(), count);
      }
      at += 8 + (start.getInt(4) & 0xffffffffL);
    }
  }

  private static CompressedSource open(
      BlockSource raw, Compression compression, byte[] start, Path directory) {
    CheckpointIndex index = null;
    try {
      IndexFile file = new IndexDirectory(directory).open(raw, compression.name());
      index = new CheckpointIndex(file, compression.span());
      Optional<StreamMap> map = compression.map(raw);
      if (map.isPresent()) {
        index.adopt(map.get());
      }
      return new CompressedSource(raw, compression, index, compression.decoderMemory(start));
    } catch (IOException | RuntimeException e) {
      if (index != null) {
        index.close();
      }
      throw e instanceof IOException failure
          ? IoFailure.told("open " + raw.describe(), failure)
          : (RuntimeException) e;
    }
  }
}
