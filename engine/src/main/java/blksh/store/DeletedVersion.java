package blksh.store;

import java.time.Instant;

/**
 * A version in the trash.
 *
 * @param reference {@code NAME@VERSION}
 * @param deleted when, to the second
 * @param manifest what it says of itself; null when it cannot be read
 * @param problem why it cannot be read, or null
 */
public record DeletedVersion(
    String reference, Instant deleted, Manifest manifest, String problem) {}
