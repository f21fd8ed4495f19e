package blksh.compress;

import java.util.List;

/**
 * Where decoding can begin in a stream that says so itself.
 *
 * @param checkpoints in order, none of them the start
 * @param size of the uncompressed data, in bytes
 */
record StreamMap(List<Checkpoint> checkpoints, long size) {

  /** Adds a checkpoint to ascending ones, unless the one before is about as good. */
  static void add(List<Checkpoint> checkpoints, long out, long in) {
    long last = checkpoints.isEmpty() ? 0 : checkpoints.get(checkpoints.size() - 1).out();
    if (out - last >= Segment.SIZE) {
      checkpoints.add(new Checkpoint(out, in));
    }
  }
}
