package blksh.io;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Child;
import blksh.kit.Tool;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ProgramTest {

  @Test
  void findsTheFirstThatIsInstalled() {
    assertThat(Program.find("no-such-program", "sh")).get().asString().endsWith("/sh");
    assertThat(Program.find("no-such-program")).isEmpty();
  }

  @Test
  void itsProgramsFindThoseOfTheAdministratorAndSpeakUtf8() throws Exception {
    Path sh = Path.of(Tool.path("sh"));
    Program.Ended ended = Program.run(sh, "-c", "echo $LC_ALL; echo :$PATH:");
    assertThat(ended.output()).startsWith("C.UTF-8").contains(":/usr/sbin:", ":/sbin:");
  }

  /** As an ordinary user has them, whose PATH lacks the directories of the administrator. */
  @Test
  void findsThoseThatPathLeavesOut() throws Exception {
    Tool.named("blkid");
    ProcessBuilder builder =
        Child.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Finds.class.getName(),
            "blkid");
    builder.environment().put("PATH", "/usr/bin:/bin");
    Process child = builder.start();
    String found = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(child.waitFor()).isZero();
    assertThat(found.strip()).endsWith("sbin/blkid");
  }

  @Test
  void itsProgramsAreNotToldThePassphraseOfStores() throws Exception {
    ProcessBuilder builder =
        Child.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Shows.class.getName());
    builder.environment().put("BLKSH_PASSPHRASE", "correct horse");
    builder.environment().put("BLKSH_OTHER", "battery staple");
    Process child = builder.start();
    String shown = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(child.waitFor()).isZero();
    assertThat(shown).contains("battery staple").doesNotContain("correct horse");
  }

  /** Shows the environment of a program. */
  static final class Shows {
    public static void main(String[] none) {
      System.out.println(Program.run(Path.of("/bin/sh"), "-c", "set").output());
    }
  }

  /** Says where a program is. */
  static final class Finds {
    public static void main(String[] names) {
      System.out.println(Program.find(names).orElseThrow());
    }
  }
}
