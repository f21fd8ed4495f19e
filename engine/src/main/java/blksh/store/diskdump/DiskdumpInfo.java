package blksh.store.diskdump;

/**
 * A diskdump store in figures.
 *
 * @param blockSize bytes of a block of its first run; each dump has its own
 * @param blocks blocks there are
 * @param blockBytes bytes of their files
 * @param dumps dumps there are
 */
public record DiskdumpInfo(int blockSize, long blocks, long blockBytes, int dumps) {}
