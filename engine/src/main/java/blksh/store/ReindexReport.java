package blksh.store;

import java.time.Duration;
import java.util.List;

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
    Duration elapsed) {}
