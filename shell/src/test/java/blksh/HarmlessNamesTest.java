package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.kit.Tool;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names that would set the title, clear the screen and turn the text around. */
class HarmlessNamesTest {

  private static final String NAME = "x\033]0;pwned\007\033[2Jy\u202ez\nblksh: well";
  private static final String KOTLIN = "x\\u001b]0;pwned\\u0007\\u001b[2Jy\\u202ez\\nblksh: well";
  private static final String SHOWN = "x␛]0;pwned␇␛[2Jy\\u202ez\n  blksh: well";

  @TempDir Path home;
  private Path image;

  @BeforeEach
  void prepare() throws Exception {
    Path content = Files.createDirectory(home.resolve("content"));
    Tool.named("mkfifo").run(content.resolve(NAME));
    image = home.resolve("fs.img");
    Tool.named("mkfs.ext4").run("-q", "-F", "-d", content, image, "8M");
  }

  /** As a name of a file system is shown: by its bytes. */
  private static final String LISTED =
      "x\\x1b]0;pwned\\x07\\x1b[2Jy\\xe2\\x80\\xaez\\x0ablksh: well";

  private Program blksh() {
    return new Program(home);
  }

  private static void assertHarmless(String text) {
    assertThat(text).doesNotContain("\033]", "\007", "\033[2J", "\u202e", "\nblksh: well");
  }

  @Test
  void doNothingInErrorsAndFindings() throws Exception {
    for (String quiet : new String[] {"--quiet", "--trace"}) {
      Ended refused = blksh().run(quiet, "eval", "drive(\"/none/" + KOTLIN + "\")");
      assertThat(refused.err()).startsWith("blksh: cannot open /none/" + SHOWN + ": ");
      assertThat(refused.err()).doesNotContain("\033", "\007", "\u202e");
      Ended found = blksh().run(quiet, "eval", "finding(\"" + KOTLIN + "\")");
      assertThat(found.err()).isEqualTo("blksh: " + SHOWN + "\n");
    }
    String copy = "drive(\"" + image + "\").files.copy(\"$home/copied\")";
    Ended copied = blksh().run("--json", "eval", copy);
    assertThat(copied.err()).contains(LISTED);
    assertHarmless(copied.err());
    assertThat(copied.lastLine()).contains(LISTED.replace("\\", "\\\\"));
    assertHarmless(copied.out());
  }

  @Test
  void doNothingOnATerminalHoweverTheyArePrinted() throws Exception {
    Path script = home.resolve("print.kts");
    Files.writeString(
        script,
        "println(\"\\u001b[32mgreen\\u001b[m "
            + KOTLIN
            + "\")\nSystem.err.println(\""
            + KOTLIN
            + "\")\ndrive(\""
            + image
            + "\").files.copy(\"$home/copied\")\n");
    Ended shown =
        blksh()
            .by(Tool.path("script"), "-qec", Program.quoted() + " run " + script, "/dev/null")
            .with("TERM", "xterm")
            .run();
    assertThat(shown.out()).contains("\033[32mgreen\033[m x␛]0;pwned␇␛[2Jy\\u202ez");
    assertThat(shown.out()).doesNotContain("\033]0;", "\007", "\033[2J", "\u202e");
  }

  @Test
  void areTheDataThatAScriptPrintsToAFile() throws Exception {
    Ended printed = blksh().run("eval", "print(\"" + KOTLIN + "\")");
    assertThat(printed.out()).isEqualTo(NAME);
  }
}
