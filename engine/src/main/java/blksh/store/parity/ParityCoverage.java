package blksh.store.parity;

/**
 * Which parity a store has.
 *
 * @param percent of the blocks of each pack and manifest that may be lost; 0 for none
 * @param made blobs that got some now, or would
 * @param missing blobs that should have some, and have none
 */
public record ParityCoverage(int percent, int made, int missing) {}
