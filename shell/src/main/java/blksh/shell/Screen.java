package blksh.shell;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jline.builtins.Less;
import org.jline.builtins.Source;
import org.jline.reader.LineReader;
import org.jline.reader.Widget;
import org.jline.reader.impl.LineReaderImpl;
import org.jline.terminal.Terminal;

/**
 * The terminal of the prompt: its size, pages of long output, and what is shown above the line that
 * is being edited while it is.
 */
final class Screen {

  private static final String LIVE = "blksh-live-lines";

  private final Terminal terminal;
  private final LineReaderImpl reader;
  private final String prompt;
  private List<String> wanted = List.of();
  private List<String> shown = List.of();

  /**
   * @param prompt what the line being edited begins with
   */
  Screen(Terminal terminal, LineReader reader, String prompt) {
    this.terminal = terminal;
    this.reader = (LineReaderImpl) reader;
    this.prompt = prompt;
    reader.getWidgets().put(LIVE, this::redraw);
    // What is live has no place in the lines that scroll away.
    Widget accept = reader.getWidgets().get(LineReader.ACCEPT_LINE);
    reader.getWidgets().put(LineReader.ACCEPT_LINE, () -> leave() && accept.apply());
  }

  /** Takes over what the person has set about editing. */
  void apply(Settings settings) {
    boolean vi = settings.get(Settings.Name.EDITING).equals("vi");
    reader
        .getKeyMaps()
        .put(LineReader.MAIN, reader.getKeyMaps().get(vi ? LineReader.VIINS : LineReader.EMACS));
  }

  int width() {
    return terminal.getSize().getColumns();
  }

  int height() {
    return terminal.getSize().getRows();
  }

  /** Whether a line is being edited now. */
  boolean editing() {
    return reader.isReading();
  }

  /** Prints a text for good, above the line being edited. */
  void above(String text) {
    reader.printAbove(text.endsWith("\n") ? text.substring(0, text.length() - 1) : text);
  }

  /** Keeps lines above the line being edited until they are replaced; none takes them away. */
  void live(List<String> lines) {
    synchronized (this) {
      wanted = List.copyOf(lines);
    }
    try {
      reader.callWidget(LIVE);
    } catch (IllegalStateException notEditing) {
      // the line was accepted meanwhile
    }
  }

  /** Within the reader's lock, as every widget. */
  private boolean redraw() {
    List<String> lines;
    synchronized (this) {
      lines = wanted;
    }
    if (!lines.equals(shown)) {
      shown = lines;
      StringBuilder text = new StringBuilder();
      for (String line : lines) {
        // A percent sign begins a pattern in prompts.
        text.append(line.replace("%", "%%")).append('\n');
      }
      reader.setPrompt(text + prompt);
      reader.callWidget(LineReader.REDISPLAY);
    }
    return true;
  }

  private boolean leave() {
    shown = List.of();
    reader.setPrompt(prompt);
    return true;
  }

  /** Shows lines a screenful at a time; q ends it. */
  void page(String title, List<String> lines) throws IOException, InterruptedException {
    Less less = new Less(terminal, java.nio.file.Path.of(""));
    less.chopLongLines = true;
    less.quiet = true;
    byte[] text = String.join("\n", lines).getBytes(StandardCharsets.UTF_8);
    less.run(new Page(title, text, lines.size()));
  }

  /** Text in memory. */
  private record Page(String title, byte[] text, int count) implements Source {
    @Override
    public String getName() {
      return title;
    }

    @Override
    public InputStream read() {
      return new ByteArrayInputStream(text);
    }

    @Override
    public Long lines() {
      return (long) count;
    }
  }
}
