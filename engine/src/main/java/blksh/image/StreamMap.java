package blksh.image;

import java.util.List;

/**
 * Where decoding can begin in a stream that says so itself.
 *
 * @param checkpoints in order, none of them the start
 * @param size of the uncompressed data, in bytes
 */
record StreamMap(List<Checkpoint> checkpoints, long size) {}
