package blksh.compress;

/** Whoever collects checkpoints while a stream is decoded. */
interface CheckpointSink {

  /**
   * Whether a checkpoint at a byte of the uncompressed data would be of use: beyond the known ones,
   * and far enough from them.
   */
  boolean wanted(long out);

  void add(Checkpoint checkpoint);

  /** Whether what is known of a place in the compressed data agrees with what was found there. */
  boolean agrees(long out, long in);
}
