package blksh.catalogue;

import blksh.task.Figures;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A disc whose image was put right by its parity.
 *
 * @param image where that is
 * @param sectors of 2048 bytes that it has
 * @param repaired how many were not as they were, and are now
 * @param lost how many are not as they were, and could not be put right; 0 for a copy, which is
 *     made whole or not at all
 * @param faultCount what is not as it was catalogued all the same
 * @param faults the first of it, a sentence each
 */
public record RepairedDisc(
    Disc disc,
    Path image,
    long sectors,
    long repaired,
    long lost,
    long faultCount,
    List<String> faults)
    implements Figures {

  public RepairedDisc {
    faults = List.copyOf(faults);
  }

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("sectors", sectors);
    figures.put("repaired", repaired);
    figures.put("lost", lost);
    figures.put("faults", faultCount);
    return figures;
  }
}
