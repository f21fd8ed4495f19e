package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Component;
import blksh.kit.Pane;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A home, whoever made it and whoever may write it: what of it is run, and what others may see. */
class OwnHomeTest {

  private static final int NOBODY = 65534;
  private static final String COMPILED = "listOf(20, 21).map { it * 2 }.last()";

  @TempDir Path directory;
  private Path home;
  private Path entered;

  @BeforeEach
  void make() {
    home = directory.resolve("home");
    entered = directory.resolve("entered");
  }

  private Program blksh() {
    return new Program(directory.resolve("around")).with("BLKSH_HOME", home.toString());
  }

  private Path initScript() throws IOException {
    Files.createDirectories(home);
    mode(home, "rwx------");
    Path init = home.resolve("init.kts");
    Files.writeString(init, "java.io.File(\"" + entered + "\").writeText(\"\")\n");
    mode(init, "rw-r--r--");
    return init;
  }

  private static void mode(Path file, String mode) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void isPrivateWhateverMakesIt() throws Exception {
    for (String made : new String[] {":set colour off", "sampleStore().name", COMPILED}) {
      home = directory.resolve("home of " + made.length());
      Ended ended =
          blksh()
              .by("/bin/sh", "-c", "umask 0; \"$0\" \"$@\"", Program.launcher().toString())
              .reading(made + "\n")
              .run();
      assertThat(ended.status()).as(ended.err()).isZero();
      if (Files.exists(home)) {
        assertThat(mode(home)).as(made).isEqualTo("rwx------");
      }
    }
    assertThat(directory.resolve("home of " + ":set colour off".length())).exists();

    home = directory.resolve("compiled");
    assertThat(blksh().run("eval", COMPILED).out()).isEqualTo("42\n");
    assertThat(mode(home)).isEqualTo("rwx------");
    assertThat(mode(home.resolve("scripts"))).isEqualTo("rwx------");
  }

  /** What the prompt shows after an entry for which its init script has to have ended. */
  private String sitting() throws Exception {
    try (Pane pane = Pane.open(home, 200, 20)) {
      return pane.ask(COMPILED, "\n42\n");
    }
  }

  @Test
  void entersItsOwnInitScript() throws Exception {
    initScript();
    assertThat(sitting()).doesNotContain("blksh: cannot");
    assertThat(entered).exists();
  }

  @Test
  void entersNoInitScriptThatOthersMayWrite() throws Exception {
    Path init = initScript();
    mode(init, "rw-rw-rw-");
    assertThat(sitting())
        .contains(
            "blksh: cannot run " + init + ": everybody may write " + init + "; chmod go-w it");
    assertThat(entered).doesNotExist();
  }

  @Test
  void entersNoInitScriptOfSomebodyElse() throws Exception {
    Component.needRoot();
    Path init = initScript();
    Files.setAttribute(home, "unix:uid", NOBODY);
    assertThat(sitting())
        .contains("blksh: cannot run " + init + ": " + home + " belongs to nobody; ");
    assertThat(entered).doesNotExist();
  }

  @Test
  void loadsAndKeepsNothingCompiledWhereOthersMayWrite() throws Exception {
    assertThat(blksh().run("eval", COMPILED)).isEqualTo(new Ended(0, "42\n", ""));
    Path scripts = home.resolve("scripts");
    Path kept;
    try (Stream<Path> files = Files.list(scripts)) {
      kept = files.findFirst().orElseThrow();
    }
    // What is kept is loaded, which a script compiled from another text shows.
    Path other = directory.resolve("other");
    assertThat(blksh().with("BLKSH_HOME", other.toString()).run("eval", COMPILED + " + 1").out())
        .isEqualTo("43\n");
    try (Stream<Path> files = Files.list(other.resolve("scripts"))) {
      Files.write(kept, Files.readAllBytes(files.findFirst().orElseThrow()));
    }
    assertThat(blksh().run("eval", COMPILED).out()).isEqualTo("43\n");
    mode(scripts, "rwxrwxrwx");
    Ended ended = blksh().run("eval", COMPILED);
    assertThat(ended.out()).isEqualTo("42\n");
    assertThat(ended.err())
        .isEqualTo(
            "blksh: cannot use compiled scripts in "
                + scripts
                + ": everybody may write "
                + scripts
                + "; chmod go-w it\n");
  }
}
