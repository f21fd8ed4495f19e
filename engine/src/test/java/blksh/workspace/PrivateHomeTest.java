package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.Place;
import blksh.image.ImageOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateHomeTest {

  @TempDir Path directory;

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
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
      assertThatThrownBy(() -> workspace.image(none, ImageOptions.defaults()));
    }
    assertThat(mode(directory.resolve("two"))).isEqualTo("rwx------");
  }
}
