package blksh.store;

import blksh.task.Figures;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a reindex found.
 *
 * @param packs packs in the new index
 * @param pages pages in the new index
 * @param manifests manifests in the new index
 * @param repaired files that were made whole again, relative to the store
 * @param damage files that could not be used
 * @param elapsed the whole time
 */
public record ReindexReport(
    long packs,
    long pages,
    long manifests,
    List<String> repaired,
    List<Damage> damage,
    Duration elapsed)
    implements Figures {

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("packs", packs);
    figures.put("pages", pages);
    figures.put("manifests", manifests);
    figures.put("repaired", repaired);
    figures.put("damage", damage.size());
    return figures;
  }
}
