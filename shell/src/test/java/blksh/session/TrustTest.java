package blksh.session;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.BlkshException;
import blksh.kit.Component;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrustTest {

  private static final int NOBODY = 65534;

  @TempDir Path directory;
  private Path home;
  private Path file;

  @BeforeEach
  void make() throws IOException {
    home = Files.createDirectory(directory.resolve("home"));
    file = Files.writeString(home.resolve("init.kts"), "");
    mode(home, "rwxr-xr-x");
    mode(file, "rw-r--r--");
  }

  private static void mode(Path file, String mode) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  private static Optional<String> objection(Path file) {
    return Trust.objection("run " + file.getFileName(), file).map(BlkshException::getMessage);
  }

  @Test
  void trustsWhatOnlyTheUserCanHavePutThere() {
    assertThat(objection(file)).isEmpty();
    assertThat(objection(home.resolve("scripts/none.jar"))).isEmpty();
  }

  @Test
  void namesWhatOthersMayWrite() throws IOException {
    mode(file, "rw-rw-r--");
    assertThat(objection(file))
        .hasValue("cannot run init.kts: its group may write " + file + "; chmod go-w it");
    mode(file, "rw-r--rw-");
    assertThat(objection(file))
        .hasValue("cannot run init.kts: everybody may write " + file + "; chmod go-w it");
    mode(file, "rw-------");
    mode(home, "rwxrwx---");
    assertThat(objection(file))
        .hasValue("cannot run init.kts: its group may write " + home + "; chmod go-w it");
    assertThat(objection(home.resolve("scripts/none.jar"))).isPresent();
    mode(home, "rwx------");
    mode(directory, "rwxrwxrwx");
    assertThat(objection(file))
        .hasValue("cannot run init.kts: everybody may write " + directory + "; chmod go-w it");
  }

  @Test
  void followsALinkToWhereItLeads() throws IOException {
    Path open = Files.createDirectory(directory.resolve("open"));
    Path there = Files.writeString(open.resolve("other.kts"), "");
    Path link = Files.createSymbolicLink(home.resolve("linked.kts"), there);
    assertThat(objection(link)).isEmpty();
    mode(open, "rwxrwxrwx");
    assertThat(objection(link)).isPresent();
  }

  @Test
  void namesWhomItBelongsTo() throws IOException {
    Component.needRoot();
    Files.setAttribute(file, "unix:uid", NOBODY);
    assertThat(objection(file).orElseThrow())
        .startsWith("cannot run init.kts: " + file + " belongs to nobody; ")
        .contains("--home");
    Files.setAttribute(file, "unix:uid", 0);
    Files.setAttribute(home, "unix:uid", NOBODY);
    assertThat(objection(file).orElseThrow()).contains(home + " belongs to nobody; ");
  }

  @Test
  void trustsTheUsersOwnFilesInADirectoryWhereEverybodyKeepsToTheirOwn() throws IOException {
    Files.setAttribute(directory, "unix:mode", 01777);
    assertThat(objection(file)).isEmpty();
  }
}
