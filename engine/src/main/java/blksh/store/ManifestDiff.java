package blksh.store;

import blksh.block.Extent;
import blksh.task.Figures;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How two captured images differ.
 *
 * @param from the one
 * @param to the other
 * @param sameBytes bytes at the same place that are known to be the same
 * @param changedBytes bytes that differ, to the page, or exist in one only
 * @param ranges how many ranges differ
 * @param changed the ranges, the first 10,000; kind is what {@code to} has there, zero past its end
 */
public record ManifestDiff(
    Manifest from,
    Manifest to,
    long sameBytes,
    long changedBytes,
    long ranges,
    List<Extent> changed)
    implements Figures {

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("from", from.reference());
    figures.put("to", to.reference());
    figures.put("sameBytes", sameBytes);
    figures.put("changedBytes", changedBytes);
    figures.put("ranges", ranges);
    return figures;
  }
}
