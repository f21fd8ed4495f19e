package blksh.store;

import blksh.block.SourceInfo;
import java.time.Instant;

/**
 * One captured version of an image, as it describes itself.
 *
 * @param name what was captured: {@code "server01.sda"}
 * @param version 1 for the first capture under the name, counting up
 * @param size of the image, in bytes
 * @param started when the capture began
 * @param finished when it ended
 * @param source what was captured, for people
 * @param figures what the capture found and stored
 * @param root SHA-256 over all page digests in image order, 64 hex digits; see {@link RootDigest}
 * @param sectorSize bytes of a sector of the drive it was captured from, which a partition table
 *     counts in; 512 when nothing is known
 * @param tree what a snapshot of a file tree holds; null for an image
 */
public record Manifest(
    String name,
    int version,
    long size,
    Instant started,
    Instant finished,
    SourceInfo source,
    ManifestFigures figures,
    String root,
    int sectorSize,
    ManifestFigures.Tree tree) {

  /** What it is a version of. */
  public ManifestKind kind() {
    return tree == null ? ManifestKind.IMAGE : ManifestKind.TREE;
  }

  /** How this version is named: {@code NAME@VERSION}. */
  public String reference() {
    return name + "@" + version;
  }

  /** The same under another number. */
  Manifest withVersion(int number) {
    return new Manifest(
        name, number, size, started, finished, source, figures, root, sectorSize, tree);
  }
}
