/**
 * Compressed sources read anywhere: {@link blksh.compress.Compressed} opens one by its content as a
 * {@link blksh.compress.CompressedSource} of what it decompresses to.
 *
 * <p>A {@code Compression} knows one format: its magic, and a {@code Decoder} that goes on from a
 * {@code Checkpoint} and offers those it passes to a {@code CheckpointSink}. What is known of a
 * source is its {@code CheckpointIndex}; an {@code IndexFile} in an {@code IndexDirectory} keeps
 * that between openings. A new format is one more {@code Compression}.
 */
package blksh.compress;
