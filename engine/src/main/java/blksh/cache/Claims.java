package blksh.cache;

import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/**
 * What the map on disk may claim while the source is written. A region is open from before its
 * first write until nobody has written to it for a whole interval; the map on disk claims nothing
 * of an open region. Changes under the monitor of {@link SavedMap}, except for {@link #close}.
 */
final class Claims {

  /** So large that writing in order opens one seldom, so small that a crash costs little. */
  private static final long REGION = 4 << 20;

  private RescueMap saved;

  /** The open regions by number. */
  private final Map<Long, Region> open = new HashMap<>();

  private static final class Region {
    private int writers;
    private boolean quiet;

    /** Whether the map on disk may still claim some of it. */
    private boolean fresh = true;
  }

  /**
   * @param saved what the map on disk claims now
   */
  Claims(RescueMap saved) {
    this.saved = saved;
  }

  /**
   * Opens the regions of a range for one write.
   *
   * @return whether the map on disk claims some of them, so that it must be written first
   */
  synchronized boolean open(long start, long end) {
    boolean claimed = false;
    for (long number = start / REGION; number * REGION < end; number++) {
      Region region = open.get(number);
      if (region == null) {
        region = new Region();
        open.put(number, region);
        RescueRange next = saved.next(number * REGION, RescueStatus.FINISHED);
        claimed |= next != null && next.start() < (number + 1) * REGION;
        // The fingerprint is a claim about the first region.
        claimed |= number == 0;
        region.fresh = claimed;
      }
      region.writers++;
      region.quiet = false;
    }
    return claimed;
  }

  /** Ends the write that opened a range. */
  synchronized void close(long start, long end) {
    for (long number = start / REGION; number * REGION < end; number++) {
      open.get(number).writers--;
    }
  }

  /** Takes back what opening a range did, as the map on disk could not be written. */
  synchronized void abandon(long start, long end) {
    close(start, end);
    open.values().removeIf(region -> region.fresh);
  }

  synchronized boolean isOpen(long position) {
    return open.containsKey(position / REGION);
  }

  /**
   * Closes the regions that were quiet since the last time.
   *
   * @param last close all
   * @return what was closed, for {@link #unsettle}; empty when nothing was
   */
  synchronized Map<Long, ?> settle(boolean last) {
    Map<Long, Region> settled = new HashMap<>();
    for (Iterator<Map.Entry<Long, Region>> regions = open.entrySet().iterator();
        regions.hasNext(); ) {
      Map.Entry<Long, Region> each = regions.next();
      Region region = each.getValue();
      if (region.writers == 0 && (region.quiet || last)) {
        regions.remove();
        settled.put(each.getKey(), region);
      }
      region.quiet = region.writers == 0;
    }
    return settled;
  }

  /**
   * Opens again what was closed, as it is not known to be as the source has it. No map may have
   * been written since that claims any of it.
   */
  synchronized void unsettle(Map<Long, ?> settled) {
    settled.forEach((number, region) -> open.put(number, (Region) region));
  }

  /** Takes what must not be claimed from a map about to be written. */
  synchronized void takeFrom(RescueMap map) {
    for (long number : open.keySet()) {
      map.mark(number * REGION, (number + 1) * REGION, RescueStatus.NON_TRIED);
    }
  }

  /** Notes what the map on disk claims now. */
  synchronized void saved(RescueMap map) {
    saved = map;
    open.values().forEach(region -> region.fresh = false);
  }
}
