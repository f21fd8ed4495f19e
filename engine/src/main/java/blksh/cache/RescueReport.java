package blksh.cache;

import blksh.task.Figures;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How a source stands after working on it.
 *
 * @param size bytes
 * @param finishedBytes bytes that were read
 * @param badBytes bytes in sectors that failed when tried alone
 * @param pendingBytes bytes that failed in a large read and wait to be tried sector by sector
 * @param untriedBytes bytes never tried
 * @param readBytes bytes read by this operation
 * @param badRanges the bad ranges in order
 * @param timedOut whether it gave up because nothing could be read any more
 */
public record RescueReport(
    long size,
    long finishedBytes,
    long badBytes,
    long pendingBytes,
    long untriedBytes,
    long readBytes,
    List<RescueRange> badRanges,
    boolean timedOut)
    implements Figures {

  static RescueReport of(RescueMap map, long readBytes, boolean timedOut) {
    return new RescueReport(
        map.size(),
        map.bytes(RescueStatus.FINISHED),
        map.bytes(RescueStatus.BAD_SECTOR),
        map.bytes(RescueStatus.NON_TRIMMED) + map.bytes(RescueStatus.NON_SCRAPED),
        map.bytes(RescueStatus.NON_TRIED),
        readBytes,
        map.ranges(RescueStatus.BAD_SECTOR),
        timedOut);
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
    figures.put("badRanges", badRanges.size());
    figures.put("timedOut", timedOut);
    return figures;
  }
}
