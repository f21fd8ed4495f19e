package blksh.store.shelf;

import java.io.IOException;

/**
 * What a blob holds is not what was put: it was read, and is refused. Reading again will not help;
 * the rest of the blob, and other blobs, are not concerned.
 *
 * <p>Only a shelf that proves contents throws it. Whoever has checksums of his own takes such bytes
 * for what they are to him on other shelves, bytes that fail them: {@link Blob#readSound}.
 */
public final class DamagedContentException extends IOException {

  private final long from;
  private final long past;

  /**
   * @param name of the blob
   * @param from its first byte that cannot be had
   * @param past the first byte behind that can be; {@code from} where none is lost, but the end is
   *     not the one it had
   * @param problem what is wrong, for people
   */
  public DamagedContentException(String name, long from, long past, String problem) {
    super(
        from == past
            ? "%s is cut off at byte %d".formatted(name, from)
            : "%s is damaged at bytes %d to %d: %s".formatted(name, from, past - 1, problem));
    this.from = from;
    this.past = past;
  }

  /** The first byte that cannot be had. */
  public long from() {
    return from;
  }

  /** The first byte behind that can be. */
  public long past() {
    return past;
  }
}
