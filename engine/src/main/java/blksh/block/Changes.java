package blksh.block;

import java.util.Iterator;
import java.util.Map;
import java.util.Optional;

/**
 * What whoever writes a source has recorded of its changes, so that what has not changed since it
 * was captured need not be read again. It is believed only with its own evidence: what a capture
 * keeps of it ({@link #marks}) and the next one shows it again ({@link #doubt}).
 */
public interface Changes {

  /** What the names of all marks begin with that are of bitmaps of QEMU. */
  String MARKS = "nbd ";

  /** A capture begins: what is recorded by now must still be so at its end. */
  default void begin() {}

  /**
   * Why what is not among the changes may be other than when it was captured last; nothing when all
   * speaks for it.
   *
   * @param then the marks that were kept of that capture, among other things
   * @param size of what was captured then, in bytes
   */
  Optional<String> doubt(Map<String, String> then, long size);

  /**
   * Whether little speaks for it, though nothing against it: then more of what is said not to have
   * changed is compared with what it was. Asked after {@link #doubt}.
   */
  default boolean provesLittle() {
    return false;
  }

  /**
   * Why what was told since {@link #begin} may have been lost or be of something else; nothing when
   * all speaks for it. Asked when all was read.
   */
  default Optional<String> lost() {
    return Optional.empty();
  }

  /** Whether since {@link #begin} there was a time in which nobody saw to it that it goes on. */
  default boolean wasInterrupted() {
    return false;
  }

  /**
   * The ranges that have changed, or may have, in order and found lazily; each inside of what was
   * asked.
   *
   * @param position byte, 0 or more
   * @param length bytes, 0 or more
   */
  Iterator<Extent> changed(long position, long length);

  /** What is to be kept with what was captured, by names of this source's own; asked at its end. */
  Map<String, String> marks();

  /** What they are recorded by, for people: {@code "bitmap b0"}. */
  String recorder();
}
