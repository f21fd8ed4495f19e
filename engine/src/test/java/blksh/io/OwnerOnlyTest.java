package blksh.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.kit.Component;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnerOnlyTest {

  @TempDir Path directory;

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void makesWhatIsMissingForItsOwnerAloneAndLeavesTheRest() throws IOException {
    Path there = Files.createDirectory(directory.resolve("there"));
    Files.setPosixFilePermissions(there, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), there);
    Path made = OwnerOnly.makeDirectories(link.resolve("a/b"));
    assertThat(mode(made)).isEqualTo("rwx------");
    assertThat(mode(made.getParent())).isEqualTo("rwx------");
    OwnerOnly.makeDirectories(link);
    assertThat(mode(there)).isEqualTo("rwxr-xr-x");
  }

  @Test
  void whatIsAnotherUsersIsNotTaken() throws IOException {
    Path own = Files.createDirectory(directory.resolve("own"));
    assertThat(mode(OwnerOnly.makePrivate(own))).isEqualTo("rwx------");
    Component.needRoot();
    Files.setAttribute(own, "unix:uid", 12_345);
    assertThatThrownBy(() -> OwnerOnly.makePrivate(own)).isInstanceOf(AccessDeniedException.class);
  }
}
