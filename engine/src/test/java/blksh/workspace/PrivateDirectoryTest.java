package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.Place;
import blksh.image.ImageOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateDirectoryTest {

  @TempDir Path directory;

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void makesWhatIsMissingForItsOwnerAloneAndLeavesTheRest() throws IOException {
    Path there = Files.createDirectory(directory.resolve("there"));
    Files.setPosixFilePermissions(there, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), there);
    Path made = PrivateDirectory.make(link.resolve("a/b"));
    assertThat(mode(made)).isEqualTo("rwx------");
    assertThat(mode(made.getParent())).isEqualTo("rwx------");
    PrivateDirectory.make(link);
    assertThat(mode(there)).isEqualTo("rwxr-xr-x");
  }

  @Test
  void aHomeIsPrivateWhoeverMakesIt() throws IOException {
    Path stores = directory.resolve("stores");
    try (Workspace workspace = Workspace.open(directory.resolve("one"))) {
      workspace.store(Place.of(stores));
    }
    assertThat(mode(directory.resolve("one"))).isEqualTo("rwx------");

    Path none = directory.resolve("none.pcl");
    try (Workspace workspace = Workspace.open(directory.resolve("two"))) {
      Assertions.assertThatThrownBy(() -> workspace.image(none, ImageOptions.defaults()));
    }
    assertThat(mode(directory.resolve("two"))).isEqualTo("rwx------");
  }
}
