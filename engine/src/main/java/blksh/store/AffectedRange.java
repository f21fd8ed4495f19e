package blksh.store;

/**
 * A part of a captured image that cannot be restored.
 *
 * @param manifest the version, as {@code NAME@VERSION}
 * @param start first byte in the image
 * @param length bytes; 0 when the manifest is so damaged that its size is unknown
 */
public record AffectedRange(String manifest, long start, long length) {

  /** Whether another part of the same image follows right on it. */
  boolean isBefore(AffectedRange other) {
    return manifest.equals(other.manifest) && start + length == other.start;
  }

  /** Both, when one {@link #isBefore} the other. */
  AffectedRange with(AffectedRange next) {
    return new AffectedRange(manifest, start, length + next.length);
  }
}
