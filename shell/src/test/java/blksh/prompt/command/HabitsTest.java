package blksh.prompt.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HabitsTest {

  private final Habits habits = new Habits(Set.of("flag", "dryRun", "man")::contains);

  @ParameterizedTest
  @CsvSource({
    "help, :help",
    "help stores, :help stores",
    "help(), :help",
    "?, :help",
    "?stores, :help stores",
    "stores?, :help stores",
    "store.capture?, :help store.capture",
    "??stores, :doc stores",
    "stores??, :doc stores",
    "exit, :quit",
    "exit(), :quit",
    "quit, :quit",
    "/exit, :exit",
    "%time 1 + 1, :time 1 + 1",
    "ls, :sh ls",
    "ls -l /tmp, :sh ls -l /tmp",
    "ll, :sh ls -l",
    "cd /srv, :cd /srv",
    "pwd, :pwd",
    "!df -h, :sh df -h",
    "! df, :sh df",
    "!./run.sh, :sh ./run.sh",
    "!mount /dev/sdb /mnt, :sh mount /dev/sdb /mnt"
  })
  void areCommands(String typed, String command) {
    assertThat(habits.command(typed)).isEqualTo(command);
    assertThat(habits.command("  " + typed + " ")).isEqualTo(command);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "stores",
        "helpful",
        "help.size",
        "exit(5)",
        "man",
        "x ?: y",
        "!flag",
        "!dryRun && true",
        "!store(\"a\").reachable",
        "!listOf(1).isEmpty()",
        "!Files.exists(p)",
        "!(1 > 2)",
        "!true",
        "ls = 3",
        "1 + 1"
      })
  void orKotlin(String typed) {
    assertThat(habits.command(typed)).isNull();
  }

  @Test
  void areOfOneLine() {
    assertThat(habits.command("help\nstores")).isNull();
    assertThat(habits.command("")).isNull();
  }
}
