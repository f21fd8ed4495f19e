package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Opens compressed sources by their content. */
public final class Compressed {

  private static final List<Compression> KNOWN = List.of(new GzipCompression());

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
    ByteBuffer start = ByteBuffer.allocate(Compression.MAGIC_BYTES);
    int count = raw.read(0, start);
    byte[] bytes = java.util.Arrays.copyOf(start.array(), count);
    for (Compression compression : KNOWN) {
      if (compression.matches(bytes)) {
        return Optional.of(open(raw, compression, indexDirectory));
      }
    }
    return Optional.empty();
  }

  private static CompressedSource open(BlockSource raw, Compression compression, Path directory) {
    CheckpointIndex index = null;
    try {
      IndexFile file = new IndexDirectory(directory).open(raw, compression.name());
      index = new CheckpointIndex(file, compression.span());
      Optional<StreamMap> map = compression.map(raw);
      if (map.isPresent()) {
        index.adopt(map.get());
      }
      return new CompressedSource(raw, compression, index);
    } catch (IOException | RuntimeException e) {
      if (index != null) {
        index.close();
      }
      throw e instanceof RuntimeException failure
          ? failure
          : new BlkshException("open " + raw.describe(), String.valueOf(e.getMessage()), e);
    }
  }
}
