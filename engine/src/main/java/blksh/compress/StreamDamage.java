package blksh.compress;

import java.io.IOException;

/** Why a compressed stream cannot be decoded any further. */
final class StreamDamage extends IOException {

  /** The kinds of damage, which people mend differently. */
  enum Kind {
    TRUNCATED,
    CORRUPT,
    UNSUPPORTED
  }

  private final Kind kind;

  private StreamDamage(Kind kind, String problem, Throwable cause) {
    super(problem, cause);
    this.kind = kind;
  }

  /** The stream ends before its end mark. */
  static StreamDamage truncated(long at) {
    return new StreamDamage(
        Kind.TRUNCATED, "the compressed stream breaks off after %d bytes".formatted(at), null);
  }

  static StreamDamage corrupt(String problem) {
    return new StreamDamage(Kind.CORRUPT, problem, null);
  }

  static StreamDamage corrupt(String problem, Throwable cause) {
    return new StreamDamage(Kind.CORRUPT, problem, cause);
  }

  /** The stream is whole, but asks for more than this program gives. */
  static StreamDamage unsupported(String problem) {
    return new StreamDamage(Kind.UNSUPPORTED, problem, null);
  }

  Kind kind() {
    return kind;
  }
}
