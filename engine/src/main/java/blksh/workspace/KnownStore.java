package blksh.workspace;

import blksh.Place;
import java.time.Instant;

/**
 * A store that was used before.
 *
 * @param name unique within the workspace, made from the last part of its place
 * @param place where it is; a directory is absolute
 * @param id the store's own id
 * @param lastUsed when it was last opened through the workspace
 * @param reachable whether there is a store at that place now
 */
public record KnownStore(
    String name, Place place, String id, Instant lastUsed, boolean reachable) {}
