package blksh.snapshot;

import java.time.Instant;
import java.util.List;

/**
 * One snapshot.
 *
 * @param name it has in its place
 * @param taken when it was begun
 * @param host the machine it was taken of; empty when not known
 * @param targets absolute paths that were taken, as {@link blksh.io.NameText}
 * @param tags that were given to it
 * @param entries in it, directories included; -1 when not known
 * @param bytes of its files, each name counted; -1 when not known
 * @param own bytes that would be free without it; -1 when not looked at
 * @param shared bytes it has in common with others; -1 when not looked at
 * @param missing how many entries could not be read when it was taken
 * @param recorded whether it is known what was in it; not of one that another program made
 */
public record Snapshot(
    String name,
    Instant taken,
    String host,
    List<String> targets,
    List<String> tags,
    long entries,
    long bytes,
    long own,
    long shared,
    long missing,
    boolean recorded) {

  public Snapshot {
    targets = List.copyOf(targets);
    tags = List.copyOf(tags);
  }

  /** As this, with sizes. */
  public Snapshot withSizes(long own, long shared) {
    return new Snapshot(
        name, taken, host, targets, tags, entries, bytes, own, shared, missing, recorded);
  }
}
