package blksh.iso;

import blksh.io.NameText;

/**
 * What is wrong with a content on a disc. The disc has as many bytes for it as was planned, always.
 *
 * @param content its number
 * @param path one of its names, from the root of the disc on, without a slash at its beginning
 * @param kind what happened to it
 * @param problem as a sentence goes on after the name: {@code "it has 4 bytes less than before"}
 */
public record DiscFault(long content, byte[] path, Kind kind, String problem) {

  /** For people: the name, and what is wrong with it. */
  public String sentence() {
    return "%s: %s".formatted(NameText.of(path), problem);
  }

  /** What can happen to a file between being looked at and being written. */
  public enum Kind {
    /** It has another digest. */
    CHANGED,
    /** It is shorter: zeros stand for what it lacks. */
    SHORTER,
    /** It is longer: the disc has its beginning, of which the digest tells whether it is right. */
    LONGER,
    /** It, or a part of it, could not be read: zeros stand there. */
    UNREADABLE
  }
}
