package blksh.session;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Await;
import blksh.kit.Child;
import blksh.kit.Tool;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Questions at a real terminal that somebody else may take meanwhile. */
class SecretTest {

  @TempDir Path folder;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final AtomicBoolean free = new AtomicBoolean(true);
  private Process script;
  private Path log;
  private Secret secret;

  @BeforeEach
  void start() throws Exception {
    log = folder.resolve("log");
    script =
        Child.of(Tool.path("script"), "-qfc", "tty; exec sleep 60", "/dev/null")
            .redirectOutput(log.toFile())
            .start();
    Await.await(() -> Files.readString(log).contains("\n"));
    secret = new Secret(Path.of(Files.readString(log).strip()), free::get, () -> {});
  }

  @AfterEach
  void end() {
    threads.shutdownNow();
    script.descendants().forEach(ProcessHandle::destroy);
    script.destroy();
  }

  private Future<Optional<char[]>> ask(String question) {
    return threads.submit(() -> secret.ask(question, () -> false));
  }

  private void type(String text) throws Exception {
    script.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    script.getOutputStream().flush();
  }

  private void awaitQuestion(String question) throws Exception {
    Await.await(() -> Files.readString(log).contains(question + ": "));
  }

  @Test
  void theAnswerIsNotShown() throws Exception {
    Future<Optional<char[]>> answer = ask("one");
    awaitQuestion("one");
    type("secret4711\n");
    assertThat(answer.get(20, TimeUnit.SECONDS).orElseThrow())
        .isEqualTo("secret4711".toCharArray());
    assertThat(Files.readString(log)).doesNotContain("secret4711");
  }

  @Test
  void whoHadToWaitAsksOnlyWhenTheTerminalIsStillFree() throws Exception {
    Future<Optional<char[]>> first = ask("one");
    awaitQuestion("one");
    Future<Optional<char[]>> second = ask("two");
    Await.pause(100);
    free.set(false);
    assertThat(first.get(20, TimeUnit.SECONDS)).isEmpty();
    assertThat(second.get(20, TimeUnit.SECONDS)).isEmpty();
    assertThat(Files.readString(log)).doesNotContain("two");
  }

  @Test
  void whatIsTypedOnceThePromptHasTheTerminalIsItsOwn() throws Exception {
    Future<Optional<char[]>> answer = ask("one");
    awaitQuestion("one");
    free.set(false);
    assertThat(answer.get(20, TimeUnit.SECONDS)).isEmpty();
  }
}
