package blksh.drive.ssh;

import blksh.block.Extent;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What of an image was handed over to a target and need not be on its medium. Who handed it over by
 * a connection that is cut hears no more of what the medium did not take: what was handed over by
 * it and never said to be durable is doubted from then on, until it was compared once more. So is
 * all there is when somebody else may have written it meanwhile.
 *
 * <p>An image is gone through in passes, each from some byte on and in order. Guarded by its user.
 */
final class UnprovenRanges {

  private final long size;

  /** Doubted, first byte to the byte after the last: apart from each other. */
  private final TreeMap<Long, Long> doubted = new TreeMap<>();

  /** Up to where what was handed over in this pass by this connection is durable. */
  private long durable;

  /** Up to where anything was, in this pass; no less than that. */
  private long handed;

  /**
   * @param size bytes of the image
   */
  UnprovenRanges(long size) {
    this.size = size;
  }

  /** Something was handed over that ends there. */
  void handed(long end) {
    handed = Math.max(handed, end);
  }

  /** All that was handed over in this pass by this connection is on the medium up to there. */
  void durable(long end) {
    durable = Math.max(durable, end);
    handed = Math.max(handed, end);
  }

  /** Up to where something was handed over in this pass. */
  long handed() {
    return handed;
  }

  /**
   * The connection was cut.
   *
   * @param alone whether nobody else can have written it since; else what was only looked at is
   *     doubted as well
   */
  void cut(boolean alone) {
    if (alone) {
      add(durable, handed);
    } else {
      add(0, size);
    }
    durable = handed;
  }

  private void add(long from, long to) {
    if (from >= to) {
      return;
    }
    long start = from;
    long end = to;
    for (var near = doubted.floorEntry(end);
        near != null && near.getValue() >= start;
        near = doubted.floorEntry(end)) {
      start = Math.min(start, near.getKey());
      end = Math.max(end, near.getValue());
      doubted.remove(near.getKey());
    }
    doubted.put(start, end);
  }

  boolean isEmpty() {
    return doubted.isEmpty();
  }

  /** Begins a pass over the first range that is doubted; nothing when none is. */
  Optional<Extent> next() {
    Map.Entry<Long, Long> first = doubted.pollFirstEntry();
    if (first == null) {
      return Optional.empty();
    }
    durable = first.getKey();
    handed = first.getKey();
    return Optional.of(
        new Extent(first.getKey(), first.getValue() - first.getKey(), Extent.Kind.DATA));
  }
}
