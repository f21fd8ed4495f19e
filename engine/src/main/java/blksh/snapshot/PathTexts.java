package blksh.snapshot;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/** Paths, which are bytes, where a String is wanted as a key. */
final class PathTexts {

  /** Every byte is a character of its own: nothing is lost. */
  static final Charset BYTES = StandardCharsets.ISO_8859_1;

  private PathTexts() {}
}
