package blksh.io;

import static blksh.kit.Await.pause;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockFileTest {

  private static final int ROUNDS = 200;

  @TempDir Path folder;

  /** Counts in a file, as nobody could without a lock. */
  private static void count(Path folder) throws IOException {
    Path file = folder.resolve("count");
    LockFile lock = new LockFile(folder.resolve("lock"));
    for (int i = 0; i < ROUNDS; i++) {
      lock.hold(
          () -> {
            int count = Files.exists(file) ? Integer.parseInt(Files.readString(file)) : 0;
            Files.writeString(file, Integer.toString(count + 1));
          });
    }
  }

  /** Another process that counts. */
  static final class Counter {
    private Counter() {}

    public static void main(String[] arguments) throws IOException {
      count(Path.of(arguments[0]));
    }
  }

  @Test
  void oneAtATimeOfThreadsAndProcesses() throws Exception {
    Process other = ChildJvm.start(List.of("-Xmx32m"), Counter.class, folder.toString());
    ExecutorService pool = Executors.newFixedThreadPool(3);
    try {
      List<Callable<Void>> counters = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        counters.add(
            () -> {
              Thread.currentThread().interrupt();
              count(folder);
              assertThat(Thread.interrupted()).isTrue();
              return null;
            });
      }
      for (Future<Void> counter : pool.invokeAll(counters)) {
        counter.get();
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(other.waitFor()).isZero();
    assertThat(folder.resolve("count")).hasContent(Integer.toString(4 * ROUNDS));
  }

  /** Another process that holds the lock until it is killed. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] arguments) throws IOException {
      new LockFile(Path.of(arguments[0]))
          .hold(
              () -> {
                System.out.println("held");
                System.in.read();
              });
    }
  }

  @Test
  void aLockEndsWithItsProcessAndAnInterruptDoesNotEndTheWait() throws Exception {
    Path path = folder.resolve("lock");
    Process other = ChildJvm.start(List.of("-Xmx32m"), Holder.class, path.toString());
    assertThat(other.inputReader().readLine()).isEqualTo("held");
    List<String> done = new ArrayList<>();
    Thread waiting =
        new Thread(
            () -> {
              try {
                new LockFile(path).hold(() -> done.add("run"));
                done.add("interrupted " + Thread.interrupted());
              } catch (IOException e) {
                done.add(e.toString());
              }
            });
    waiting.start();
    for (int i = 0; i < 20; i++) {
      waiting.interrupt();
      pause(5);
    }
    assertThat(waiting.isAlive()).isTrue();
    other.destroyForcibly().waitFor();
    waiting.join();
    assertThat(done).containsExactly("run", "interrupted true");
  }
}
