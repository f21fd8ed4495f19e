package blksh.store;

import blksh.block.Extent;
import java.time.Duration;
import java.util.List;

/**
 * What a restore did.
 *
 * @param manifest what was restored
 * @param target where to
 * @param writtenBytes bytes written
 * @param skippedBytes bytes that needed no writing: holes, and what was there already
 * @param bad ranges that were unreadable when captured and so are missing, the first 1000
 * @param elapsed the whole time
 */
public record RestoreResult(
    Manifest manifest,
    String target,
    long writtenBytes,
    long skippedBytes,
    List<Extent> bad,
    Duration elapsed) {}
