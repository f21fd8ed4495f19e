package blksh.mount;

import java.time.Instant;

/**
 * A symbolic link.
 *
 * @param target where it leads, relative to the directory it is in
 */
public record MountLink(String target, Instant modified) implements MountNode {}
