package blksh.compress;

import blksh.block.BlockSource;
import java.io.IOException;
import java.util.Optional;

/** A compression format: how its streams are recognised and decoded. Has no state of its own. */
sealed interface Compression
    permits Bzip2Compression,
        GzipCompression,
        Lz4Compression,
        LzipCompression,
        LzmaCompression,
        LzopCompression,
        XzCompression,
        ZstdCompression {

  /**
   * Bytes at the beginning of a stream that {@link #matches} wants to see, if there are so many.
   */
  int MAGIC_BYTES = 64;

  /** The name people know it by: {@code "gzip"}. */
  String name();

  /** Whether a stream of this format begins with these bytes. */
  boolean matches(byte[] start);

  /**
   * Begins to decode.
   *
   * @param raw the whole compressed stream
   * @param from a checkpoint this compression made before, or the start
   * @param found offered the checkpoints that are passed
   * @throws IOException as {@link Decoder#decode}
   */
  Decoder decode(BlockSource raw, Checkpoint from, CheckpointSink found) throws IOException;

  /** Bytes of uncompressed data between checkpoints worth keeping. */
  long span();

  /**
   * Bytes decoded in a moment. Longer stretches without checkpoints are decoded by one thread for
   * all; of those longer than twice as much, what lies further on is kept on disk.
   */
  default long stretch() {
    return 16L << 20;
  }

  /**
   * Memory one decoder takes, in bytes.
   *
   * @param start the bytes a stream begins with
   */
  long decoderMemory(byte[] start);

  /** The whole map of the stream, when it carries one that can be read at once. */
  default Optional<StreamMap> map(BlockSource raw) throws IOException {
    return Optional.empty();
  }
}
