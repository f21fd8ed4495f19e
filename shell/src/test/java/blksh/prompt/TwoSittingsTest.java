package blksh.prompt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.script.ScriptHost;
import blksh.script.ScriptSource;
import blksh.script.kotlin.ScriptCompiler;
import blksh.session.Console;
import blksh.session.Evaluation;
import blksh.session.Options;
import blksh.session.Session;
import blksh.session.Settings;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two sittings in one process at one time, which know nothing of each other. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class TwoSittingsTest {

  private static final long LOOK_MILLIS = 20;
  private static final long GRACE_MILLIS = 500;

  @TempDir Path homes;

  /** A person with a home, a terminal and a console. */
  private final class Sitter {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Path home;
    private final Session session;

    Sitter(String name) throws Exception {
      home = Files.createDirectories(homes.resolve(name));
      Options options = new Options();
      options.home(home);
      session = new Session(Console.of(out, err), options, List.of());
    }

    CompletableFuture<Void> types(String... lines) {
      return CompletableFuture.runAsync(
          () -> {
            try {
              converse(String.join("\n", lines) + "\n:quit\n");
            } catch (Exception failure) {
              throw new AssertionError(failure);
            }
          },
          work -> new Thread(work).start());
    }

    private void converse(String typed) throws Exception {
      PipedInputStream keys = new PipedInputStream(8192);
      // The typist keeps the keyboard: the terminal must not see its end before all is read.
      try (PipedOutputStream typist = new PipedOutputStream(keys);
          Terminal terminal =
              TerminalBuilder.builder()
                  .name(home.toString())
                  .type("xterm-256color")
                  .system(false)
                  .size(Size.of(100, 40))
                  .streams(keys, OutputStream.nullOutputStream())
                  .build()) {
        typist.write(typed.getBytes(UTF_8));
        typist.flush();
        new Prompt(session.console(), session).converse(terminal);
      }
    }

    List<String> printed() {
      return out.toString(UTF_8).lines().filter(each -> !each.contains(":help tells")).toList();
    }

    String complaints() {
      return err.toString(UTF_8);
    }
  }

  /** A script that goes on for ever, on a thread of its own. */
  private static final class Loop extends Thread {

    private final Sitter sitter;
    private final ScriptHost.Ready script;
    private volatile Throwable ended;

    Loop(Sitter sitter) {
      this.sitter = sitter;
      this.script =
          new ScriptHost(sitter.session, ScriptCompiler.INSTANCE)
              .textHere(
                  new ScriptSource(
                      "loop",
                      "home.resolve(\"began\").toFile().createNewFile()\n"
                          + "var n = 0L\nwhile (true) n++"));
    }

    @Override
    public void run() {
      try {
        script.run(sitter.session);
      } catch (Throwable end) {
        ended = end;
      }
    }

    void begin() throws InterruptedException {
      start();
      while (isAlive() && !Files.exists(sitter.home.resolve("began"))) {
        sleep(LOOK_MILLIS);
      }
    }
  }

  @Test
  void haveResultsNamesAndSettingsOfTheirOwn() throws Exception {
    Sitter one = new Sitter("one");
    Sitter other = new Sitter("other");
    CompletableFuture<Void> first =
        one.types("val a = 20", "a + 1", "it * 2", ":set colour off", "res1", "home.fileName");
    CompletableFuture<Void> second =
        other.types("val b = \"x\"", "b + 1", "it + 2", "res1", "a", "home.fileName");
    first.get();
    second.get();
    assertThat(one.printed()).containsExactly("21", "42", "colour = off", "21", "one");
    assertThat(other.printed()).containsExactly("x1", "x12", "x1", "other");
    assertThat(one.complaints()).isEmpty();
    assertThat(other.complaints()).contains("Unresolved reference 'a'");
    one.session.close();
    other.session.close();
    assertThat(one.home.resolve("config")).content().contains("colour = off");
    assertThat(other.home.resolve("config")).doesNotExist();
    assertThat(other.session.settings().get(Settings.Name.COLOUR)).isEqualTo("on");
  }

  @Test
  void oneIsInterruptedAndTheOtherGoesOn() throws Exception {
    Sitter one = new Sitter("one");
    Sitter other = new Sitter("other");
    Loop stopped = new Loop(one);
    Loop going = new Loop(other);
    stopped.begin();
    going.begin();
    one.session.evaluation().stop();
    stopped.join();
    assertThat(stopped.ended).isInstanceOf(Evaluation.Stop.class);
    going.join(GRACE_MILLIS);
    assertThat(going.isAlive()).isTrue();
    other.session.evaluation().stop();
    going.join();
    assertThat(going.ended).isInstanceOf(Evaluation.Stop.class);
    one.session.close();
    other.session.close();
  }

  @Test
  void aThreadThatDiesIsToldWhereItWasStarted() throws Exception {
    Sitter one = new Sitter("one");
    Sitter other = new Sitter("other");
    String dies = "Thread({ error(\"alas\") }, \"moth\").apply { start(); join() }.name";
    CompletableFuture<Void> first = one.types(dies);
    CompletableFuture<Void> second = other.types("1 + 1");
    first.get();
    second.get();
    assertThat(one.complaints()).contains("thread moth: IllegalStateException: alas");
    assertThat(other.complaints()).isEmpty();
    one.session.close();
    other.session.close();
  }
}
