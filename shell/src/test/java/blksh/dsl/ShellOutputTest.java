package blksh.dsl;

import static blksh.kit.Await.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.task.CancelledException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShellOutputTest {

  @TempDir Path folder;
  @AutoClose private Sitting sitting;

  @BeforeEach
  void open() {
    sitting = new Sitting(folder);
  }

  @Test
  void isTheListOfLines() {
    ShellOutput output = sitting.words.sh("printf 'a b\\n\\nc\\n'; echo no >&2", true);
    assertThat(output).containsExactly("a b", "", "c");
    assertThat(output.getText()).isEqualTo("a b\n\nc");
    assertThat(output.getStatus()).isZero();
    assertThat(sitting.words.sh("cat", true)).isEmpty();
  }

  @Test
  void aFailureIsOneUnlessItIsAnAnswer() {
    Sitting.refused(
        () -> sitting.words.sh("exit 3", true),
        "cannot run exit 3: it ended with status 3; sh(…, check = false) takes that for an answer");
    ShellOutput answer = sitting.words.sh("echo no; exit 3", false);
    assertThat(answer).containsExactly("no");
    assertThat(answer.getStatus()).isEqualTo(3);
  }

  @Test
  void whatALineLeavesRunningGoesOnAfterIt() throws Exception {
    Path mark = folder.resolve("mark");
    sitting.words.sh("(sleep 0.3; touch '" + mark + "') >/dev/null 2>&1 &", true);
    await(() -> Files.exists(mark));
  }

  @Test
  void whatIsTooMuchIsRefused() {
    Sitting.refused(
        () -> sitting.words.sh("cat /dev/zero", true),
        "cannot run cat /dev/zero: it writes more than 64 MiB; send it to a file");
  }

  /** In the foreground; left by the shell; left by a shell within. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "sh -c 'touch MARK; sleep 7261'; true",
        "sh -c 'touch MARK; sleep 7262' &",
        "(sh -c 'touch MARK; sleep 7263' &) ; sleep 7264",
      })
  void anInterruptEndsAllOfIt(String text) throws Exception {
    Path mark = folder.resolve("mark");
    String line = text.replace("MARK", "'" + mark + "'");
    Thread caller = Thread.currentThread();
    Thread interrupter =
        new Thread(
            () -> {
              try {
                await(() -> Files.exists(mark));
              } catch (Exception early) {
                // then it is not there
              } finally {
                caller.interrupt();
              }
            });
    interrupter.start();
    assertThatThrownBy(() -> sitting.words.sh(line, true)).isInstanceOf(CancelledException.class);
    interrupter.join();
    assertThat(mark).exists();
    assertThat(running()).isEmpty();
  }

  /** Command lines of what still runs of it. */
  private List<String> running() {
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      return all.flatMap(each -> each.info().commandLine().stream())
          .filter(each -> each.contains(folder.toString()) || each.matches(".*sleep 726[1-4]"))
          .toList();
    }
  }
}
