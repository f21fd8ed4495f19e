package blksh.cache;

import blksh.task.Figures;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * How a source stands after working on it.
 *
 * @param size bytes
 * @param finishedBytes bytes that were read
 * @param badBytes bytes in sectors that failed when tried alone
 * @param pendingBytes bytes that failed in a large read and wait to be tried sector by sector
 * @param untriedBytes bytes never tried
 * @param readBytes bytes read by this operation
 * @param badRanges how many ranges those bytes are in
 * @param firstBad the byte the first of them begins at, or -1
 * @param largestBad the largest of them in order, {@value #MOST} at most
 * @param timedOut whether it gave up because nothing could be read any more
 */
public record RescueReport(
    long size,
    long finishedBytes,
    long badBytes,
    long pendingBytes,
    long untriedBytes,
    long readBytes,
    long badRanges,
    long firstBad,
    List<RescueRange> largestBad,
    boolean timedOut)
    implements Figures {

  private static final int MOST = 20;

  static RescueReport of(RescueMap map, long readBytes, boolean timedOut) {
    long count = 0;
    long first = -1;
    // The first are the largest of those that are equally large.
    Comparator<RescueRange> bySize =
        Comparator.comparingLong(RescueRange::length)
            .thenComparing(Comparator.comparingLong(RescueRange::start).reversed());
    PriorityQueue<RescueRange> largest = new PriorityQueue<>(MOST + 1, bySize);
    for (RescueRange range : map.ranges(RescueStatus.BAD_SECTOR)) {
      first = count++ == 0 ? range.start() : first;
      if (largest.size() < MOST || bySize.compare(range, largest.peek()) > 0) {
        largest.add(range);
        if (largest.size() > MOST) {
          largest.remove();
        }
      }
    }
    List<RescueRange> inOrder = new ArrayList<>(largest);
    inOrder.sort(Comparator.comparingLong(RescueRange::start));
    return new RescueReport(
        map.size(),
        map.bytes(RescueStatus.FINISHED),
        map.bytes(RescueStatus.BAD_SECTOR),
        map.bytes(RescueStatus.NON_TRIMMED) + map.bytes(RescueStatus.NON_SCRAPED),
        map.bytes(RescueStatus.NON_TRIED),
        readBytes,
        count,
        first,
        List.copyOf(inOrder),
        timedOut);
  }

  /** What became of some ranges, in one sentence however many there are. */
  static String told(long ranges, long bytes, long first, String what) {
    return ranges == 1
        ? "%d bytes at byte %d %s".formatted(bytes, first, what)
        : "%d ranges, %d bytes %s, the first at byte %d; the map has them all"
            .formatted(ranges, bytes, what, first);
  }

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("size", size);
    figures.put("finishedBytes", finishedBytes);
    figures.put("badBytes", badBytes);
    figures.put("pendingBytes", pendingBytes);
    figures.put("untriedBytes", untriedBytes);
    figures.put("readBytes", readBytes);
    figures.put("badRanges", badRanges);
    figures.put("timedOut", timedOut);
    return figures;
  }
}
