package blksh.io;

import static blksh.kit.Await.await;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OffspringTest {

  @TempDir Path folder;

  /** A process that has written its number. */
  private ProcessHandle started(String file) throws Exception {
    Path number = folder.resolve(file);
    await(() -> Files.exists(number) && Files.size(number) > 0);
    return ProcessHandle.of(Long.parseLong(Files.readString(number).strip())).orElseThrow();
  }

  /** Whether it goes on; one that nobody has asked about since its end is there and does not. */
  private static boolean goesOn(ProcessHandle process) throws IOException {
    try {
      String state = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
      return state.charAt(state.lastIndexOf(')') + 2) != 'Z';
    } catch (NoSuchFileException gone) {
      return false;
    }
  }

  private Process run(Offspring family, String line) throws Exception {
    ProcessBuilder shell = Program.shell(line, false).directory(folder.toFile());
    return family.of(shell).start();
  }

  @Test
  void endsWhatNobodyIsTheParentOfAndLeavesOthers() throws Exception {
    Offspring family = new Offspring();
    Offspring other = new Offspring();
    String leaves = "sh -c 'echo $$ >%1$s.part; mv %1$s.part %1$s; exec sleep 60' & exit 0";
    Process first = run(family, "(" + leaves.formatted("a") + ")");
    assertThat(first.waitFor()).isZero();
    assertThat(run(family, "setsid " + leaves.formatted("f")).waitFor()).isZero();
    ProcessHandle daemon = started("f");
    ProcessHandle orphan = started("a");
    Process second = run(other, leaves.formatted("b"));
    assertThat(second.waitFor()).isZero();
    ProcessHandle stranger = started("b");
    try {
      family.end(first, 2000);
      assertThat(goesOn(orphan)).isFalse();
      assertThat(goesOn(stranger)).isTrue();
      assertThat(goesOn(daemon)).isTrue();
    } finally {
      other.end(second, 2000);
      daemon.destroy();
    }
    assertThat(goesOn(stranger)).isFalse();
  }

  @Test
  void letsEachCleanUp() throws Exception {
    Offspring family = new Offspring();
    String cleanUp = "sleep 0.3; sh -c \"sleep 0.1; echo clean >e\"; exit 7";
    String cleans = "trap '" + cleanUp + "' TERM; echo $$ >d;";
    Process careful = run(family, cleans + " sleep 60 & wait");
    started("d");
    family.end(careful, 20_000);
    assertThat(careful.waitFor()).isEqualTo(7);
    assertThat(folder.resolve("e")).hasContent("clean");
  }

  @Test
  void doesNotAskForEver() throws Exception {
    Offspring family = new Offspring();
    Process deaf = run(family, "trap '' TERM; echo $$ >c; sleep 60; sleep 60");
    started("c");
    family.end(deaf, 200);
    assertThat(deaf.waitFor()).isEqualTo(128 + 9);
  }
}
