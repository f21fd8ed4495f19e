package blksh.store.shelf;

import static blksh.kit.Await.await;
import static blksh.kit.Await.pause;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.kit.ChildJvm;
import blksh.task.CancelledException;
import blksh.task.Task;
import blksh.task.Workers;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever waits until another has published can be stopped, and says what he waits for. */
class DirectoryLockTest {

  @TempDir Path folder;

  /** Another process that publishes and does not come to an end. */
  static final class Publisher {
    private Publisher() {}

    public static void main(String[] arguments) {
      Exclusion exclusion = new DirectoryShelf(Path.of(arguments[0])).exclusion().orElseThrow();
      exclusion.publishing(
          () -> {
            System.out.println("publishing");
            try {
              pause(600_000);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            return null;
          });
    }
  }

  @Test
  void whoWaitsSaysSoAndEndsWhenItsTaskIsCancelled() throws Exception {
    Process other = ChildJvm.start(List.of("-Xmx32m"), Publisher.class, folder.toString());
    try (Exclusion exclusion = new DirectoryShelf(folder).exclusion().orElseThrow()) {
      assertThat(other.inputReader().readLine()).isEqualTo("publishing");
      Task task = new Task("capture", "x");
      task.phase("sealing");
      CompletableFuture<String> waiting =
          CompletableFuture.supplyAsync(
              () -> Workers.call(task, () -> exclusion.publishing(() -> "done")));
      await(() -> task.phase().equals("waiting for whoever writes to the store"));
      assertThat(exclusion.<String>indexing(() -> "others go on")).isEqualTo("others go on");
      task.cancel();
      assertThatThrownBy(waiting::join)
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(CancelledException.class);
      assertThat(task.phase()).isEqualTo("sealing");
    } finally {
      other.destroyForcibly().waitFor();
    }
  }

  @Test
  void anInterruptEndsTheWaitAndNothingElse() throws Exception {
    Process other = ChildJvm.start(List.of("-Xmx32m"), Publisher.class, folder.toString());
    try (Exclusion exclusion = new DirectoryShelf(folder).exclusion().orElseThrow()) {
      assertThat(other.inputReader().readLine()).isEqualTo("publishing");
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> exclusion.publishing(() -> "done"))
          .isInstanceOf(CancelledException.class);
      assertThat(Thread.interrupted()).isTrue();
      other.destroyForcibly().waitFor();
      assertThat(exclusion.<String>publishing(() -> "done")).isEqualTo("done");
    } finally {
      other.destroyForcibly().waitFor();
    }
  }
}
