package blksh.store.parity;

/**
 * What could be made again of a damaged blob.
 *
 * @param lost blocks that are not what they were
 * @param made how many of them could be made again
 */
public record ParityOutlook(int lost, int made) {}
