package blksh.snapshot;

import blksh.io.FileType;
import java.time.Instant;

/**
 * An entry of a snapshot that was looked for.
 *
 * @param snapshot its name
 * @param path in it
 * @param size bytes
 */
public record FoundEntry(
    String snapshot, byte[] path, FileType type, long size, Instant modified, int mode) {}
