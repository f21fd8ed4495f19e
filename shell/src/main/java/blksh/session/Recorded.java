package blksh.session;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** What goes to the terminal and is told to somebody else, too, in the order it goes. */
final class Recorded {

  private Recorded() {}

  /** Bytes of UTF-8, of which each piece may end within a character. */
  static final class Bytes extends OutputStream {

    private final OutputStream to;
    private volatile Consumer<String> witness;
    private CharsetDecoder decoder;
    private ByteBuffer begun = ByteBuffer.allocate(0);

    Bytes(OutputStream to) {
      this.to = to;
    }

    /**
     * @param witness null for nobody
     */
    void tell(Consumer<String> witness) {
      synchronized (this) {
        decoder = null;
        begun = ByteBuffer.allocate(0);
      }
      this.witness = witness;
    }

    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      to.write(bytes, offset, length);
      Consumer<String> told = witness;
      if (told != null) {
        told.accept(decoded(bytes, offset, length));
      }
    }

    private synchronized String decoded(byte[] bytes, int offset, int length) {
      if (decoder == null) {
        decoder =
            StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .onUnmappableCharacter(CodingErrorAction.REPLACE);
      }
      ByteBuffer all = ByteBuffer.allocate(begun.remaining() + length);
      all.put(begun).put(bytes, offset, length).flip();
      CharBuffer text = CharBuffer.allocate(all.remaining() + 1);
      decoder.reset();
      decoder.decode(all, text, false);
      byte[] rest = new byte[all.remaining()];
      all.get(rest);
      begun = ByteBuffer.wrap(rest);
      return text.flip().toString();
    }

    @Override
    public void flush() throws IOException {
      to.flush();
    }
  }

  /** Characters, told at each flush. */
  static PrintWriter writer(PrintWriter to, Consumer<String> witness) {
    return new PrintWriter(
        new Writer() {
          private final StringBuilder shown = new StringBuilder();

          @Override
          public void write(char[] characters, int offset, int length) {
            synchronized (shown) {
              to.write(characters, offset, length);
              shown.append(characters, offset, length);
            }
          }

          @Override
          public void flush() {
            String text;
            synchronized (shown) {
              to.flush();
              text = shown.toString();
              shown.setLength(0);
            }
            witness.accept(text);
          }

          @Override
          public void close() {
            flush();
          }
        });
  }
}
