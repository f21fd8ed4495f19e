package blksh.catalogue;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Lets JSON through whose strings have lone surrogates, which the parser refuses: each {@code
 * \\udc80} to {@code \\udcff} that follows no high surrogate becomes one of {@code U+10FC80} to
 * {@code U+10FCFF}, which no name has (the last characters for private use); where one has it, the
 * reading fails.
 */
final class LoneSurrogates extends FilterInputStream {

  /** The high surrogate of those characters. */
  static final char HIGH = '\udbff';

  /** {@code U+10FC80} in UTF-8: the first three bytes are those of all up to {@code U+10FCBF}. */
  private static final int[] FIRST = {0xf4, 0x8f, 0xb2};

  private static final int ESCAPE = 6;

  /** What is due before anything more is read. */
  private byte[] due = {};

  private int at;

  /** Whether an escaped high surrogate came just before. */
  private boolean afterHigh;

  /** Bytes of a character that may be one of those that no name has. */
  private int matched;

  LoneSurrogates(InputStream in) {
    super(new PushbackInputStream(in, ESCAPE));
  }

  @Override
  public int read() throws IOException {
    if (at < due.length) {
      return due[at++] & 0xff;
    }
    int next = in.read();
    matched =
        next == (matched < 3 ? FIRST[matched] : -2) || matched == 2 && next == FIRST[2] + 1
            ? matched + 1
            : next == FIRST[0] ? 1 : 0;
    if (matched == 3) {
      throw new IOException("a name has a character from U+10FC80 to U+10FCFF");
    }
    if (next != '\\') {
      afterHigh = false;
      return next;
    }
    byte[] rest = in.readNBytes(ESCAPE - 1);
    if (rest.length < ESCAPE - 1 || rest[0] != 'u') {
      // Only one more character belongs to this escape.
      int own = Math.min(1, rest.length);
      ((PushbackInputStream) in).unread(rest, own, rest.length - own);
      due(rest, own);
      afterHigh = false;
      return next;
    }
    int unit = unit(rest);
    boolean lone = !afterHigh && unit >= 0xdc80 && unit <= 0xdcff;
    afterHigh = unit >= 0xd800 && unit <= 0xdbff;
    if (lone) {
      byte[] both = ("udbff\\u%04x".formatted(unit)).getBytes(StandardCharsets.US_ASCII);
      due(both, both.length);
    } else {
      due(rest, rest.length);
    }
    return next;
  }

  private void due(byte[] bytes, int length) {
    due = Arrays.copyOf(bytes, length);
    at = 0;
  }

  private static int unit(byte[] rest) {
    int unit = 0;
    for (int i = 1; i < ESCAPE - 1; i++) {
      int digit = Character.digit(rest[i], 16);
      if (digit < 0) {
        return -1;
      }
      unit = unit * 16 + digit;
    }
    return unit;
  }

  @Override
  public int read(byte[] to, int from, int length) throws IOException {
    int done = 0;
    while (done < length) {
      int next = read();
      if (next < 0) {
        break;
      }
      to[from + done++] = (byte) next;
    }
    return done == 0 && length > 0 ? -1 : done;
  }
}
