package blksh.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import blksh.BlkshException;
import blksh.script.ScriptRun;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CallSiteTest {

  @TempDir Path home;

  private Session session() {
    Options options = new Options();
    options.home(home);
    ByteArrayOutputStream nowhere = new ByteArrayOutputStream();
    return new Session(Console.of(nowhere, nowhere), options, List.of());
  }

  @Test
  void aFailureOnAnotherThreadTellsWhoAskedForIt() {
    BlkshException made =
        CompletableFuture.supplyAsync(() -> new BlkshException("read x", "it is damaged")).join();
    try (Session session = session()) {
      Throwable failure =
          catchThrowable(
              () ->
                  session.run(
                      "capture",
                      "x",
                      task -> {
                        throw made;
                      }));
      assertThat(failure).isSameAs(made);
      assertThat(ScriptRun.INSTANCE.line(failure, getClass().getName())).isPositive();
      assertThat(failure.getSuppressed()).hasSize(1);
    }
  }

  @Test
  void oneThatTellsItselfStaysAsItIs() {
    try (Session session = session()) {
      Throwable failure =
          catchThrowable(
              () ->
                  session.run(
                      "capture",
                      "x",
                      task -> {
                        throw new BlkshException("read x", "it is damaged");
                      }));
      assertThat(failure.getSuppressed()).isEmpty();
      assertThat(ScriptRun.INSTANCE.line(failure, getClass().getName())).isPositive();
    }
  }
}
