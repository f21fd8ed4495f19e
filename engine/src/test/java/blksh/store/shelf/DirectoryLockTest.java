package blksh.store.shelf;

import static blksh.kit.Await.await;
import static blksh.kit.Await.pause;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.kit.ChildJvm;
import blksh.task.CancelledException;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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

  /** Another process that uses a thing until its input ends. */
  static final class User {
    private User() {}

    public static void main(String[] arguments) throws IOException {
      Exclusion exclusion = new DirectoryShelf(Path.of(arguments[0])).exclusion().orElseThrow();
      exclusion.using("disk@1");
      System.out.println("using");
      System.in.readAllBytes();
    }
  }

  @Test
  void whatIsUsedAnywhereIsLeftAloneAsLongAsItIs() throws Exception {
    Process other = ChildJvm.start(List.of("-Xmx32m"), User.class, folder.toString());
    try (Exclusion exclusion = new DirectoryShelf(folder).exclusion().orElseThrow();
        Exclusion same = exclusion.again()) {
      assertThat(other.inputReader().readLine()).isEqualTo("using");
      assertThat(exclusion.unlessUsed("disk@1", () -> null)).isFalse();
      assertThat(exclusion.unlessUsed("disk@2", () -> null)).isTrue();
      Closeable mine = exclusion.using("disk@1");
      Closeable also = same.using("disk@1");
      other.getOutputStream().close();
      other.waitFor();
      assertThat(exclusion.unlessUsed("disk@1", () -> null)).isFalse();
      mine.close();
      mine.close();
      assertThat(exclusion.unlessUsed("disk@1", () -> null)).isFalse();
      also.close();
      assertThat(exclusion.unlessUsed("disk@1", () -> null)).isTrue();
    } finally {
      other.destroyForcibly().waitFor();
    }
  }

  @Test
  void whoSeesToAThingThatNobodyUsesKeepsNobodyFromAnother() throws Exception {
    try (Exclusion exclusion = new DirectoryShelf(folder).exclusion().orElseThrow()) {
      assertThat(
              exclusion.unlessUsed(
                  "disk@1",
                  () -> {
                    CompletableFuture<Boolean> others =
                        CompletableFuture.supplyAsync(
                            () -> {
                              try (Closeable use = exclusion.using("disk@2")) {
                                return use != null
                                    && !exclusion.unlessUsed("disk@1", () -> null)
                                    && exclusion.<Boolean>publishing(() -> true);
                              } catch (IOException e) {
                                throw new UncheckedIOException(e);
                              }
                            });
                    return assertThat(others.orTimeout(20, TimeUnit.SECONDS).join()).isTrue();
                  }))
          .isTrue();
      exclusion.using("disk@1").close();
      assertThat(exclusion.unlessUsed("disk@1", () -> null)).isTrue();
    }
  }

  @Test
  void whereOtherMachinesMayComeFromIsKnown() {
    assertThat(List.of("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "fuse", "vboxsf"))
        .allMatch(DirectoryLock::isRemote);
    assertThat(List.of("ext4", "xfs", "btrfs", "vfat", "tmpfs", "fuseblk", "fuse.ntfs-3g"))
        .noneMatch(DirectoryLock::isRemote);
  }

  @Test
  void captureEndsAreNotMistakenForACompactionAndNeverWaitForOne() throws Exception {
    try (Exclusion exclusion = new DirectoryShelf(folder).exclusion().orElseThrow()) {
      CountDownLatch inside = new CountDownLatch(1);
      CountDownLatch leave = new CountDownLatch(1);
      CompletableFuture<Boolean> first =
          CompletableFuture.supplyAsync(
              () ->
                  exclusion.unlessCompacting(
                      () -> {
                        inside.countDown();
                        return whenLet(leave);
                      }));
      inside.await();
      assertThat(exclusion.unlessCompacting(() -> null)).isTrue();
      CompletableFuture<Boolean> compacting =
          CompletableFuture.supplyAsync(
              () ->
                  exclusion.compacting(
                      () -> !exclusion.unlessCompacting(() -> null) && first.isDone()));
      await(() -> !exclusion.unlessCompacting(() -> null));
      leave.countDown();
      assertThat(first.get()).isTrue();
      assertThat(compacting.get()).isTrue();
      assertThat(exclusion.unlessCompacting(() -> null)).isTrue();
    }
  }

  private static Object whenLet(CountDownLatch leave) {
    try {
      leave.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return null;
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
