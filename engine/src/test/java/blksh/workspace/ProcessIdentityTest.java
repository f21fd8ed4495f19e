package blksh.workspace;

import static blksh.kit.Await.await;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Child;
import java.nio.file.Files;
import java.nio.file.Path;
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
    Process shell = Child.of("sh", "-c", "sleep 60 & echo $!; exec sleep 60").start();
    try {
      ProcessIdentity child = ProcessIdentity.of(Long.parseLong(shell.inputReader().readLine()));
      Path command = Path.of("/proc", Long.toString(shell.pid()), "comm");
      // Until then it is a shell, which collects its children.
      await(() -> Files.readString(command).equals("sleep\n"));
      ProcessHandle.of(child.pid()).orElseThrow().destroyForcibly();
      await(() -> !child.mayBeAlive());
      assertThat(Path.of("/proc", Long.toString(child.pid()))).exists();
    } finally {
      shell.destroyForcibly();
    }
  }
}
