package blksh.store;

import java.time.Duration;
import java.util.List;

/**
 * What a repair did, or would do.
 *
 * @param packs of which something was lost that a version needs
 * @param pages that were lost, were found elsewhere and are stored again
 * @param bytes of these pages, as of whole ones
 * @param byParity files that were made again by their parity, all or more of them than was left
 * @param left what is still lost, with parts of versions that it hits
 */
public record RepairResult(
    int packs,
    long pages,
    long bytes,
    List<String> byParity,
    List<Damage> left,
    Duration elapsed,
    boolean dryRun) {}
