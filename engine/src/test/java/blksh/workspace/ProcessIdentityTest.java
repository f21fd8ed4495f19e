package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ProcessIdentityTest {

  private final ProcessIdentity own = ProcessIdentity.own();

  @Test
  void thisProcessIsAlive() {
    assertThat(own.pid()).isEqualTo(ProcessHandle.current().pid());
    assertThat(own.start()).isPositive();
    assertThat(own.mayBeAlive()).isTrue();
  }

  @Test
  void aProcessThatOnlyHasTheSameNumberIsNotAlive() {
    assertThat(new ProcessIdentity(own.pid(), own.start() - 1, own.boot(), own.space()))
        .matches(other -> !other.mayBeAlive());
  }

  @Test
  void aProcessFromBeforeTheLastBootIsNotAlive() {
    assertThat(new ProcessIdentity(own.pid(), own.start(), "another boot", own.space()))
        .matches(other -> !other.mayBeAlive());
  }

  @Test
  void aProcessInAnotherContainerMayBeAlive() {
    assertThat(new ProcessIdentity(999_999_999, 1, own.boot(), "pid:[another]"))
        .matches(ProcessIdentity::mayBeAlive);
  }

  @Test
  void anEndedProcessIsNotAliveThoughItsParentHasNotCollectedIt() throws Exception {
    Process shell = new ProcessBuilder("sh", "-c", "sleep 60 & echo $!; exec sleep 60").start();
    try {
      ProcessIdentity child = ProcessIdentity.of(Long.parseLong(shell.inputReader().readLine()));
      Path command = Path.of("/proc", Long.toString(shell.pid()), "comm");
      while (!Files.readString(command).equals("sleep\n")) {
        Thread.sleep(5); // until then it is a shell, which collects its children
      }
      ProcessHandle.of(child.pid()).orElseThrow().destroyForcibly();
      Instant deadline = Instant.now().plusSeconds(30);
      while (child.mayBeAlive() && Instant.now().isBefore(deadline)) {
        Thread.sleep(5);
      }
      assertThat(child.mayBeAlive()).isFalse();
      assertThat(Path.of("/proc", Long.toString(child.pid()))).exists();
    } finally {
      shell.destroyForcibly();
    }
  }
}
