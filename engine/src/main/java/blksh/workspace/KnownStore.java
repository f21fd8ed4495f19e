package blksh.workspace;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A store that was used before.
 *
 * @param name unique within the workspace, made from the name of the directory
 * @param path its directory, absolute
 * @param id the store's own id
 * @param lastUsed when it was last opened through the workspace
 * @param reachable whether there is a store at that path now
 */
public record KnownStore(String name, Path path, String id, Instant lastUsed, boolean reachable) {}
