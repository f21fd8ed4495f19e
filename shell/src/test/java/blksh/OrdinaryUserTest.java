package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Component;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.kit.Tool;
import blksh.session.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The checkout in the hands of an ordinary user, as {@code su -} has one: no directory of the
 * administrator on PATH, no locale, nothing in the home.
 */
class OrdinaryUserTest {

  private static final int NOBODY = 65534;

  /** A user of Debian with a group of that name and number. */
  private static final int BACKUP = 34;

  @TempDir Path directory;
  private Path checkout;
  private Path home;

  @BeforeEach
  void copy() throws Exception {
    Component.needRoot();
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    checkout = Files.createDirectories(directory.resolve("a checkout"));
    Tool cp = Tool.named("cp");
    for (String name : List.of("blksh", "scripts", "samples")) {
      cp.run("-a", Program.root().resolve(name), checkout);
    }
    Path target = Files.createDirectories(checkout.resolve("shell/target"));
    cp.run("-a", Program.root().resolve("shell/target/dist"), target);
    home = Files.createDirectory(directory.resolve("home"));
    Tool.named("chown").run("-R", NOBODY + ":" + NOBODY, home);
  }

  private Program nobody() throws IOException {
    return as(NOBODY);
  }

  private Program as(int user) throws IOException {
    List<String> words = new ArrayList<>(List.of(Tool.path("setpriv")));
    words.addAll(List.of("--reuid=" + user, "--regid=" + user, "--clear-groups"));
    words.addAll(List.of("env", "-i", "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + home));
    words.add("JAVA_HOME=" + System.getProperty("java.home"));
    words.add(checkout.resolve("blksh").toString());
    return new Program(directory.resolve("root")).by(words.toArray(String[]::new)).in(checkout);
  }

  @Test
  void theSampleOfTheReadmeRunsInACheckoutOfTheirs() throws Exception {
    Tool.named("chown").run("-R", NOBODY + ":" + NOBODY, checkout);
    Ended ended = nobody().run("run", "scripts/nightly.kts", "--sample");
    assertThat(ended.err()).doesNotContain("blksh: cannot");
    assertThat(ended.status()).as(ended.err()).isZero();
    assertThat(ended.out()).contains("sample");
    Path own = home.resolve(".blksh");
    assertThat(Files.getPosixFilePermissions(own))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
  }

  @Test
  void whoMayNotWriteTheBuildUsesItAsItIs() throws Exception {
    // As though sources were newer than what is built of them.
    Files.writeString(checkout.resolve("pom.xml"), "");
    assertThat(nobody().run("eval", "1 + 1")).isEqualTo(new Ended(0, "2\n", ""));
  }

  /** As under umask 002 every file is, where each user has a group. */
  @Test
  void whatAUserAndTheUsersOwnGroupMayWriteIsTakenIn() throws Exception {
    String group = "backup:x:%d:".formatted(BACKUP);
    boolean there = Files.readAllLines(Path.of("/etc/group")).contains(group);
    Component.need(there, "there is no user backup with a group of its own");
    Path script = Files.writeString(home.resolve("s.kts"), "@file:[Import(\"common.kts\")]\nseven");
    Path common = Files.writeString(home.resolve("common.kts"), "val seven = 7");
    Tool.named("chown").run("-R", BACKUP + ":" + BACKUP, home);
    Tool.named("chmod").run("g+w", home, script, common);
    assertThat(as(BACKUP).run("run", script.toString())).isEqualTo(new Ended(0, "7\n", ""));
    Tool.named("chown").run(BACKUP + ":" + NOBODY, common);
    assertThat(as(BACKUP).run("run", script.toString()).err())
        .contains("s.kts:1:15: error: cannot import common.kts: its group may write " + common)
        .contains("; chmod go-w it");
  }

  @Test
  void aBuildThatCannotBeReadIsNamedWithTheWayOut() throws Exception {
    Path dist = checkout.resolve("shell/target/dist");
    Tool.named("chmod").run("-R", "go-rwx", dist);
    Ended ended = nobody().run("eval", "1 + 1");
    assertThat(ended.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(ended.err().lines()).hasSize(1);
    assertThat(ended.err()).contains("cannot be read by you", "chmod -R a+rX");
    assertThat(dist.resolve("build")).exists();
  }
}
