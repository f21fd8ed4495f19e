package blksh.store;

import blksh.block.Extent;
import java.time.Duration;
import java.util.List;

/**
 * What a capture did.
 *
 * @param manifest what was written; of a dry run, what would have been, with version 0
 * @param bad unreadable ranges of the source in bytes, the first 1000
 * @param readBytes bytes read from the source
 * @param elapsed the whole time
 * @param dryRun whether nothing was written; new pages are then at most what is said
 */
public record CaptureResult(
    Manifest manifest, List<Extent> bad, long readBytes, Duration elapsed, boolean dryRun) {}
