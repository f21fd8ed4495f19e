package blksh.session;

import static java.nio.charset.StandardCharsets.UTF_8;

import blksh.view.Visible;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The way out to a terminal and to logs: whatever text passes, in UTF-8, does nothing there but
 * stand, however it came to be printed. Lines and tabs stay, and colours where they are allowed.
 */
final class VisibleOutput extends OutputStream {

  /** What sets colours and the like, and as much of it as may go on in what comes next. */
  private static final Pattern COLOUR = Pattern.compile("\033\\[[0-9;:]*m");

  private static final Pattern BEGUN = Pattern.compile("\r|\033(\\[[0-9;:]{0,64})?");

  private final OutputStream to;
  private final boolean colours;
  private final CharsetDecoder decoder =
      UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);

  /** Bytes of a character that goes on, then the beginning of what may be a colour. */
  private byte[] bytesHeld = new byte[0];

  private String held = "";

  /**
   * @param colours whether what sets colours may pass
   */
  VisibleOutput(OutputStream to, boolean colours) {
    this.to = to;
    this.colours = colours;
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
    if (held.isEmpty() && bytesHeld.length == 0 && isPlain(bytes, offset, length)) {
      to.write(bytes, offset, length);
      return;
    }
    String text = held + decoded(bytes, offset, length);
    held = "";
    StringBuilder shown = new StringBuilder();
    int at = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '\033' && c != '\r') {
        continue;
      }
      shown.append(Visible.lines(text.substring(at, i)));
      at = i;
      if (BEGUN.matcher(text).region(i, text.length()).matches()) {
        held = text.substring(i);
        at = text.length();
        break;
      }
      int end = passing(text, i);
      shown.append(text, i, end);
      at = end;
      if (end > i) {
        i = end - 1;
      } else {
        shown.append(Visible.of(String.valueOf(c)));
        at = i + 1;
      }
    }
    shown.append(Visible.lines(text.substring(at)));
    byte[] harmless = shown.toString().getBytes(UTF_8);
    to.write(harmless, 0, harmless.length);
  }

  /** Where something ends that may pass as it is; its beginning when it may not. */
  private int passing(String text, int at) {
    if (text.startsWith("\r\n", at)) {
      return at + 2;
    }
    Matcher colour = COLOUR.matcher(text).region(at, text.length());
    return colours && colour.lookingAt() ? colour.end() : at;
  }

  private static boolean isPlain(byte[] bytes, int offset, int length) {
    for (int i = offset; i < offset + length; i++) {
      byte b = bytes[i];
      if (b < ' ' && b != '\n' && b != '\t' || b == 0x7f) {
        return false;
      }
    }
    return true;
  }

  private String decoded(byte[] bytes, int offset, int length) {
    ByteBuffer in = ByteBuffer.allocate(bytesHeld.length + length);
    in.put(bytesHeld).put(bytes, offset, length).flip();
    CharBuffer text = CharBuffer.allocate(in.remaining() + 1);
    decoder.reset();
    decoder.decode(in, text, false);
    bytesHeld = new byte[in.remaining()];
    in.get(bytesHeld);
    return text.flip().toString();
  }

  @Override
  public synchronized void flush() throws IOException {
    if (!held.isEmpty()) {
      byte[] rest = Visible.of(held).getBytes(UTF_8);
      held = "";
      to.write(rest, 0, rest.length);
    }
    to.flush();
  }
}
