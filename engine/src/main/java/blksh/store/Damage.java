package blksh.store;

import java.util.List;

/**
 * Something in a store that is not as it was written.
 *
 * @param file the damaged file, relative to the store
 * @param start first byte of the damaged part of the file
 * @param length bytes of that part
 * @param problem what is wrong, and what to do when nothing is lost
 * @param affected parts of captured images that cannot be restored; empty when nothing is lost
 */
public record Damage(
    String file, long start, long length, String problem, List<AffectedRange> affected) {}
