package blksh.workspace;

import static blksh.kit.Await.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.Place;
import blksh.kit.ChildJvm;
import blksh.kit.Tmpfs;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.store.sealed.KeySecret;
import blksh.store.sealed.Unlocking;
import blksh.task.CancelledException;
import blksh.task.Figures;
import blksh.task.Pace;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkspaceTest {

  @TempDir Path directory;

  private final List<BlkshException> warnings = new CopyOnWriteArrayList<>();

  private record Counted(Map<String, Object> figures) implements Figures {}

  @Test
  void theDefaultHomeIsChosenByTheEnvironment() {
    assertThat(Workspace.defaultHome(Map.of("BLKSH_HOME", "/srv/w", "HOME", "/home/a")))
        .isEqualTo(Path.of("/srv/w"));
    assertThat(Workspace.defaultHome(Map.of("BLKSH_HOME", "", "HOME", "/home/a")))
        .isEqualTo(Path.of("/home/a/.blksh"));
    assertThat(Workspace.defaultHome(Map.of()))
        .isEqualTo(Path.of(System.getProperty("user.home"), ".blksh"));
  }

  /** Somebody put it in the place of the encrypted one that was meant. */
  @Test
  void whoNamesAKeyHasNoStoreInTheClearFilledNorMadeButMayReadOne() {
    Unlocking named =
        new Unlocking() {
          @Override
          public Optional<KeySecret> next(String place, int failed) {
            return Optional.of(KeySecret.keyFile(new byte[32]));
          }

          @Override
          public boolean isNamed() {
            return true;
          }
        };
    Place plain = Place.of(directory.resolve("plain"));
    try (Workspace workspace = open("home")) {
      workspace.createStore(plain, StoreOptions.defaults());
    }
    try (Workspace workspace = open("home")) {
      workspace.unlockWith(named);
      Place none = Place.of(directory.resolve("none"));
      assertThatThrownBy(() -> workspace.store(none)).isInstanceOf(BlkshException.class);
      assertThatThrownBy(() -> workspace.createStore(none, StoreOptions.defaults()))
          .hasMessageContaining("a key was named for one in the clear");
      assertThat(directory.resolve("none")).doesNotExist();
      assertThatThrownBy(() -> workspace.store(plain))
          .hasMessageContaining("a key was named for it, and it is not encrypted");
      Store read = workspace.existingStore(plain);
      assertThatThrownBy(() -> workspace.store(plain))
          .as("though it is open")
          .hasMessageContaining("a key was named for it, and it is not encrypted");
      assertThat(workspace.existingStore(plain)).isSameAs(read);
      assertThatThrownBy(() -> workspace.keys(plain)).hasMessageContaining("it is not encrypted");
    }
  }

  @Test
  void nothingIsCreatedUntilSomethingIsRemembered() {
    try (Workspace workspace = open("home")) {
      assertThat(workspace.runs()).isEmpty();
    }
    assertThat(directory.resolve("home")).doesNotExist();
  }

  @Test
  void aHomeIsForItsOwnerOnly() throws IOException {
    try (Workspace workspace = open("a/b/home")) {
      workspace.run("verify", "x", task -> null);
    }
    assertThat(Files.getPosixFilePermissions(directory.resolve("a/b/home"))).hasSize(3);
  }

  @Test
  void aRunIsATaskWhileItLastsAndHistoryAfterwards() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("newBytes", 1L << 40);
    figures.put("ratio", 0.25);
    figures.put("dryRun", false);
    figures.put("names", List.of("sda", "sdb"));
    Instant before = Instant.now().minusMillis(1);
    Counted result;
    try (Workspace workspace = open("home")) {
      result =
          workspace.run(
              "capture",
              "server01.sda",
              task -> {
                assertThat(workspace.tasks().running()).containsExactly(task);
                Run running = workspace.runs().get(0);
                assertThat(running.outcome()).isEqualTo(Outcome.RUNNING);
                assertThat(running.elapsed()).isGreaterThanOrEqualTo(Duration.ZERO);
                task.advance(4096);
                Pace own = workspace.runs().get(0).progress().orElseThrow().pace();
                assertThat(own.done()).isEqualTo(4096); // of its own process without delay
                return new Counted(figures);
              });
      assertThat(workspace.tasks().running()).isEmpty();
    }
    assertThat(result.figures()).isEqualTo(figures);
    try (Workspace workspace = open("home")) {
      assertThat(workspace.runs()).hasSize(1);
      Run run = workspace.runs().get(0);
      assertThat(run.verb()).isEqualTo("capture");
      assertThat(run.subject()).isEqualTo("server01.sda");
      assertThat(run.started()).isBetween(before, Instant.now());
      assertThat(run.elapsed()).isBetween(Duration.ZERO, Duration.ofMinutes(1));
      assertThat(run.outcome()).isEqualTo(Outcome.DONE);
      assertThat(run.bytes()).isEqualTo(4096);
      assertThat(run.figures()).isEqualTo(figures);
      assertThat(run.figures().keySet()).containsExactlyElementsOf(figures.keySet());
      assertThat(run.message()).isEmpty();
    }
    assertThat(warnings).isEmpty();
  }

  @Test
  void everyEndingHasItsOutcomeAndWhatWasThrownIsThrownOn() {
    BlkshException failure = new BlkshException("read sda", "Input/output error").at(512);
    try (Workspace workspace = open("home")) {
      workspace.run(
          "capture",
          "findings",
          task -> {
            for (int i = 0; i < 12; i++) {
              task.finding("bad " + i);
            }
            return null;
          });
      assertThatThrownBy(
              () ->
                  workspace.run(
                      "capture",
                      "failed",
                      task -> {
                        throw failure;
                      }))
          .isSameAs(failure);
      assertThatThrownBy(
              () ->
                  workspace.run(
                      "capture",
                      "interrupted",
                      task -> {
                        task.cancel();
                        task.checkCancelled();
                        return null;
                      }))
          .isInstanceOf(CancelledException.class);
      assertThat(workspace.tasks().running()).isEmpty();

      List<Run> runs = workspace.runs();
      assertThat(runs)
          .extracting(Run::subject)
          .containsExactly("interrupted", "failed", "findings");
      assertThat(runs)
          .extracting(Run::outcome)
          .containsExactly(Outcome.INTERRUPTED, Outcome.FAILED, Outcome.FINDINGS);
      assertThat(runs.get(1).message())
          .isEqualTo("cannot read sda at byte 512: Input/output error");
      assertThat(runs.get(2).message()).startsWith("bad 0; bad 1; ").endsWith("bad 9; and 2 more");
    }
  }

  @Test
  void anInterruptedThreadStillHasItsRunNotedAndKeepsItsFlag() {
    try (Workspace workspace = open("home")) {
      workspace.run(
          "capture",
          "x",
          task -> {
            Thread.currentThread().interrupt();
            return null;
          });
      assertThat(Thread.interrupted()).isTrue();
      assertThat(workspace.runs()).extracting(Run::outcome).containsExactly(Outcome.DONE);
    }
  }

  @Test
  void runsOfManyThreadsAreAllNoted() throws InterruptedException {
    try (Workspace workspace = open("home")) {
      ExecutorService pool = Executors.newFixedThreadPool(8);
      for (int i = 0; i < 200; i++) {
        String subject = Integer.toString(i);
        pool.execute(() -> workspace.run("verify", subject, Task::done));
      }
      pool.shutdown();
      assertThat(pool.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
      Set<String> subjects = new HashSet<>();
      workspace.runs().forEach(run -> subjects.add(run.subject()));
      assertThat(subjects).hasSize(200);
    }
    assertThat(warnings).isEmpty();
  }

  @Test
  void twoProcessesShareAHomeFromItsCreationOn() throws Exception {
    Path home = directory.resolve("home");
    int count = 500;
    List<Process> processes = new ArrayList<>();
    for (String verb : List.of("first", "second")) {
      processes.add(
          ChildJvm.start(
              List.of(), Programs.ManyRuns.class, home.toString(), verb, Integer.toString(count)));
    }
    for (Process process : processes) {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).isZero();
    }
    try (Workspace workspace = open("home")) {
      List<Run> runs = workspace.runs();
      assertThat(runs).hasSize(2 * count);
      assertThat(runs).allMatch(run -> run.outcome() == Outcome.DONE);
      assertThat(runs).extracting(Run::verb).contains("first", "second");
      assertThat(runs.stream().mapToLong(Run::bytes).sum()).isEqualTo(count * (count - 1L));
    }
  }

  @Test
  void aRunOfAnotherProcessIsRunningUntilThatIsKilledAndLostThen() throws Exception {
    Process process =
        ChildJvm.start(List.of(), Programs.EndlessRun.class, directory.resolve("home").toString());
    assertThat(process.inputReader().readLine()).isEqualTo("begun");
    try (Workspace workspace = open("home")) {
      await(() -> !workspace.runs().isEmpty());
      assertThat(workspace.runs()).extracting(Run::outcome).containsExactly(Outcome.RUNNING);
      await(() -> workspace.runs().get(0).progress().isPresent());
      Run running = workspace.runs().get(0);
      RunProgress progress = running.progress().orElseThrow();
      Pace pace = progress.pace();
      assertThat(pace)
          .isEqualTo(new Pace("reading", 1400, 4000, 400, pace.elapsed()))
          .matches(told -> told.rate().isPresent() && told.left().isPresent());
      assertThat(pace.elapsed()).isBetween(Duration.ofMillis(1), Duration.ofMinutes(1));
      assertThat(running.bytes()).isEqualTo(1400);
      assertThat(progress.told()).isBetween(running.started(), Instant.now());
      assertThat(progress.silent(progress.told().plusSeconds(20))).isEmpty();
      assertThat(progress.silent(progress.told().plusSeconds(60))).contains(Duration.ofMinutes(1));
      process.destroyForcibly().waitFor();
      Run lost = workspace.runs().get(0);
      assertThat(lost.outcome()).isEqualTo(Outcome.LOST);
      assertThat(lost.progress()).isEmpty();
      assertThat(lost.bytes()).isEqualTo(1400);
      assertThat(lost.elapsed()).isBetween(Duration.ofMillis(1), running.elapsed());
    }
  }

  @Test
  void aHomeThatCannotBeCreatedIsToldOnceAndTheWorkIsDone() throws IOException {
    Files.createFile(directory.resolve("file"));
    try (Workspace workspace = open("file/home")) {
      assertThat(workspace.<String>run("capture", "a", task -> "done")).isEqualTo("done");
      assertThat(workspace.<String>run("capture", "b", task -> "done")).isEqualTo("done");
      assertThat(workspace.runs()).isEmpty();
    }
    assertThat(warnings).hasSize(1);
    assertThat(warnings.get(0)).hasMessageContaining("cannot keep the history");
  }

  @Test
  void aReadOnlyHomeIsReadAndToldOnceAndTheWorkIsDone() throws IOException {
    Path mounted = directory.resolve("mounted");
    try (Tmpfs mount = Tmpfs.of(mounted, "4m")) {
      try (Workspace workspace = open("mounted/home")) {
        workspace.run("capture", "before", task -> null);
      }
      mount.makeReadOnly();
      try (Workspace workspace = open("mounted/home")) {
        assertThat(workspace.<String>run("capture", "a", task -> "done")).isEqualTo("done");
        assertThat(workspace.<String>run("capture", "b", task -> "done")).isEqualTo("done");
        assertThat(workspace.runs()).extracting(Run::subject).containsExactly("before");
      }
    }
    assertThat(warnings).hasSize(1);
    assertThat(warnings.get(0)).hasMessageContaining("it cannot be written");
  }

  @Test
  void aFullDiskIsToldOnceAndTheWorkIsDone() throws IOException {
    try (Tmpfs mount = Tmpfs.of(directory.resolve("mounted"), "512k");
        Workspace workspace = open("mounted/home")) {
      workspace.run("capture", "before", task -> null);
      fill(mount.path().resolve("filler"));
      String subject = "x".repeat(100_000);
      assertThat(workspace.<String>run("capture", subject, task -> "done")).isEqualTo("done");
      assertThat(workspace.<String>run("capture", subject, task -> "done")).isEqualTo("done");
      Files.delete(mount.path().resolve("filler"));
      workspace.run("capture", "after", task -> null);
      assertThat(workspace.runs()).extracting(Run::subject).containsExactly("after", "before");
    }
    assertThat(warnings).hasSize(1);
    assertThat(warnings.get(0)).hasMessageContaining("disk is full");
  }

  @Test
  void aDatabaseOfANewerVersionIsRefusedAndTheWorkIsDone() throws Exception {
    try (Workspace workspace = open("home")) {
      workspace.run("capture", "before", task -> null);
    }
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("home/workspace.db"));
        Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA user_version = 99");
    }
    try (Workspace workspace = open("home")) {
      assertThatThrownBy(workspace::runs)
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("a newer blksh wrote it (version 99")
          .hasMessageContaining("update blksh");
      assertThat(workspace.<String>run("capture", "x", task -> "done")).isEqualTo("done");
    }
    assertThat(warnings).hasSize(1);
    assertThat(warnings.get(0)).hasMessageContaining("newer blksh");
  }

  @Test
  void aDamagedDatabaseSaysSo() throws IOException {
    Path home = Files.createDirectory(directory.resolve("home"));
    Files.writeString(home.resolve("workspace.db"), "this is no database".repeat(500));
    try (Workspace workspace = open("home")) {
      assertThatThrownBy(workspace::runs)
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("it is damaged; move it away");
      assertThat(workspace.<String>run("capture", "x", task -> "done")).isEqualTo("done");
    }
    assertThat(warnings).hasSize(1);
  }

  @Test
  void aRunThatOutlivesItsWorkspaceStillReturnsItsResult() {
    Workspace workspace = open("home");
    String result =
        workspace.run(
            "capture",
            "x",
            task -> {
              workspace.close();
              return "done";
            });
    assertThat(result).isEqualTo("done");
    assertThat(warnings).hasSize(1);
  }

  private Workspace open(String home) {
    return Workspace.open(directory.resolve(home), warnings::add);
  }

  private static void fill(Path file) throws IOException {
    byte[] block = new byte[4096];
    try (var out = Files.newOutputStream(file)) {
      while (true) {
        out.write(block);
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("No space left");
    }
  }
}
