package blksh.prompt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Await;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jline.reader.impl.history.DefaultHistory;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A line editor in which everything fails that can. */
class SteadyReaderTest {

  private final List<String> told = new ArrayList<>();
  private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
  private PipedOutputStream keys;
  private Terminal terminal;
  private SteadyReader reader;

  @BeforeEach
  void open() throws IOException {
    open(Size.of(80, 24));
  }

  private void open(Size size) throws IOException {
    keys = new PipedOutputStream();
    terminal =
        TerminalBuilder.builder()
            .system(false)
            .type("xterm-256color")
            .size(size)
            .streams(new PipedInputStream(keys, 4096), screen)
            .build();
    reader =
        new SteadyReader(
            terminal,
            Map.of(),
            text -> text + " edited",
            failure -> told.add(failure.getMessage()));
  }

  @AfterEach
  void close() throws IOException {
    terminal.close();
  }

  /** Reads a line while something is typed, which begins when the terminal no longer changes it. */
  private String read(String typed) throws IOException {
    Thread typist =
        new Thread(
            () -> {
              try {
                Await.await(reader::isReading, reading -> reading);
                keys.write(typed.getBytes(UTF_8));
                keys.flush();
                new CountDownLatch(1).await(); // who writes to a pipe has to live on
              } catch (InterruptedException done) {
                // all was read
              } catch (Exception failure) {
                told.add(failure.toString());
              }
            });
    typist.start();
    try {
      return reader.readLine("> ", null, (Character) null, null);
    } finally {
      typist.interrupt();
    }
  }

  /** Waits until all that was drawn has come through the terminal, by a mark drawn after it. */
  private void allShown(String mark) throws Exception {
    terminal.writer().write(mark);
    terminal.flush();
    Await.await(() -> screen.toString(UTF_8), it -> it.contains(mark));
  }

  @Test
  void goesOnWhateverFails() throws Exception {
    reader.setHighlighter(
        (of, text) -> {
          throw new IllegalStateException("no colours");
        });
    reader.setCompleter(
        (of, line, candidates) -> {
          throw new AssertionError("no completion");
        });
    reader.setHistory(
        new DefaultHistory() {
          @Override
          public void add(java.time.Instant time, String line) {
            throw new IllegalArgumentException("no history");
          }
        });
    reader
        .getWidgets()
        .put(
            "backward-word",
            () -> {
              throw new NullPointerException("no words");
            });
    assertThat(read("ab\tc\033bd\r")).isEqualTo("abcd");
    assertThat(told).contains("no colours", "no completion", "no words", "no history");
    Await.await(() -> screen.toString(UTF_8), it -> it.contains("abcd"));
    assertThat(read("again\r")).isEqualTo("again");
  }

  @Test
  void tellsWhatFailsAtEveryKeyOnce() throws IOException {
    reader.setHighlighter(
        (of, text) -> {
          throw new IllegalStateException("no colours");
        });
    assertThat(read("abcdef\r")).isEqualTo("abcdef");
    assertThat(told).containsExactly("no colours");
  }

  @Test
  void takesLinesThatEndAsOnWindows() throws IOException {
    assertThat(read("one\r")).isEqualTo("one");
    assertThat(read("\ntwo\r")).isEqualTo("two");
    assertThat(read("\033[200~\ufeffa\r\nb\rc\033[201~\r")).isEqualTo("a\nb\nc");
  }

  @Test
  void writesWhatWouldDoSomethingAsKotlinDoes() throws IOException {
    assertThat(read("\033[200~a\033[2Jb\u202ec\td\033[201~\r"))
        .isEqualTo("a\\u001b[2Jb\\u202ec\td");
    assertThat(read("x\u2066y\r")).isEqualTo("x\\u2066y");
  }

  @Test
  void editsInThePersonsOwnEditor() throws IOException {
    assertThat(read("entry\030\005\r")).isEqualTo("entry edited");
    assertThat(told).isEmpty();
  }

  @Test
  void takesTheUsualSizeWhereNoneIsKnown() throws Exception {
    close();
    open(Size.of(0, 0));
    assertThat(read("abc\r")).isEqualTo("abc");
    assertThat(terminal.getSize()).isEqualTo(Size.of(80, 24));
    String shown = Await.await(() -> screen.toString(UTF_8), it -> it.contains("> "));
    assertThat(shown).doesNotContain(">....");
  }

  @Test
  void leavesWhatStandsAboveALineThatEndsAsTheTerminalIsResized() throws Exception {
    close();
    open(Size.of(40, 24));
    String line = "0123456789".repeat(10);
    assertThat(read(line + "\r")).isEqualTo(line);
    allShown("what was read");
    screen.reset(); // the cursor is below the line, which is no more
    Thread resizing =
        new Thread(
            () -> {
              terminal.setSize(Size.of(30, 24));
              reader.handleSignal(Terminal.Signal.WINCH);
            });
    resizing.start();
    resizing.join();
    allShown("what was resized");
    assertThat(screen.toString(UTF_8)).doesNotContain("A\033[J", "A\033[0J", "\r");
    assertThat(read("again\r")).isEqualTo("again");
  }
}
