package blksh.snapshot;

/**
 * Contents that no snapshot has any more.
 *
 * @param files how many there were
 * @param bytes of all of them
 */
public record CollectedBlobs(long files, long bytes) {}
