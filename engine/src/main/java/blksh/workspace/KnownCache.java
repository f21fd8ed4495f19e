package blksh.workspace;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A cache that was used before.
 *
 * @param name unique within the workspace, made from the name of the file
 * @param data the file with the bytes, absolute
 * @param map the file with the map, absolute
 * @param source where the medium was
 * @param medium the fingerprint of the medium
 * @param size bytes of the medium
 * @param lastUsed when it was last opened through the workspace
 */
public record KnownCache(
    String name, Path data, Path map, String source, String medium, long size, Instant lastUsed) {}
