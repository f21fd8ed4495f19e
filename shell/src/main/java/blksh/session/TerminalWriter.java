package blksh.session;

import blksh.BlkshException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.lang.reflect.Field;
import java.util.function.Consumer;
import org.jline.terminal.Terminal;

/**
 * What a terminal is written by, as characters and as bytes, which JLine keeps to itself: it has no
 * place for one who listens. So where JLine keeps them others are put, as long as somebody listens
 * and no longer.
 */
final class TerminalWriter {

  private final Terminal terminal;
  private final PrintWriter writer;
  private final OutputStream output;
  private final Field writerField;
  private final Field outputField;

  /**
   * @throws BlkshException when they are not kept as is known
   */
  TerminalWriter(Terminal terminal) {
    this.terminal = terminal;
    this.writer = terminal.writer();
    this.output = terminal.output();
    this.writerField = field("writer", writer);
    this.outputField = field("output", output);
  }

  private Field field(String name, Object own) {
    for (Class<?> kind = terminal.getClass(); kind != null; kind = kind.getSuperclass()) {
      try {
        Field field = kind.getDeclaredField(name);
        field.setAccessible(true);
        if (field.get(terminal) == own) {
          return field;
        }
      } catch (ReflectiveOperationException | RuntimeException elsewhere) {
        // it is further up, or nowhere
      }
    }
    throw refused(null);
  }

  private static BlkshException refused(Exception cause) {
    return new BlkshException("record", "nobody can listen to this kind of terminal", cause);
  }

  /** Tells somebody what is written from now on. */
  void tell(Consumer<String> witness) {
    Recorded.Bytes bytes = new Recorded.Bytes(output);
    bytes.tell(witness);
    terminal.flush();
    put(Recorded.writer(writer, witness), bytes);
  }

  /** Has it written as before. */
  void restore() {
    try {
      terminal.flush();
    } finally {
      put(writer, output);
    }
  }

  private void put(PrintWriter characters, OutputStream bytes) {
    try {
      writerField.set(terminal, characters);
      outputField.set(terminal, bytes);
    } catch (ReflectiveOperationException | RuntimeException refused) {
      throw refused(refused);
    }
  }
}
