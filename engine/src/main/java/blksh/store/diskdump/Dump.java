package blksh.store.diskdump;

import java.nio.file.Path;
import java.time.Instant;

/**
 * One dump of a diskdump store, as its manifest describes it.
 *
 * @param name what was dumped: {@code "server01.sda"}
 * @param version its number, from 0 on; of one in the place that the README of diskdump names, the
 *     day: {@code "2026-04-24"}
 * @param manifest the file that describes it
 * @param source what was dumped, as diskdump says it: {@code "server01:/dev/sda"}
 * @param dateText when, as it stands in the manifest
 * @param date the same; the time of the file where that cannot be read
 * @param size of the image, in bytes
 * @param blockSize bytes of a block
 * @param blocks blocks that are in the manifest
 * @param missing blocks that the manifest should have and has not, as the dump ended early
 * @param origin the version of a store of blksh it was exported from, with its root digest; or
 *     empty
 */
public record Dump(
    String name,
    String version,
    Path manifest,
    String source,
    String dateText,
    Instant date,
    long size,
    int blockSize,
    long blocks,
    long missing,
    String origin) {

  /** {@code NAME@VERSION}. */
  public String reference() {
    return name + "@" + version;
  }

  /** Whether it ended before the image did: what is missing at its end cannot be read. */
  public boolean isTruncated() {
    return missing > 0;
  }
}
