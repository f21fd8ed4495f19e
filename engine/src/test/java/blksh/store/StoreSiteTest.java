package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.io.FileSystemTable;
import blksh.io.MountTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreSiteTest {

  @TempDir Path folder;
  private Path real;

  @BeforeEach
  void withoutLinks() throws IOException {
    real = folder.toRealPath();
  }

  private StoreSite site(Path directory, Path... wanted) {
    return new StoreSite(
        directory, new FileSystemTable(List.of(wanted)), new MountTable(List.of()));
  }

  @Test
  void aStoreIsMadeUnaskedWhereThereIsNoDirectoryYet() {
    assertThatCode(() -> site(real.resolve("a/b/store")).mustBeNew()).doesNotThrowAnyException();
  }

  @Test
  void anEmptyDirectoryMayBeAMountPointWhoseDriveIsMissing() throws IOException {
    Path empty = Files.createDirectory(real.resolve("empty"));
    assertThatThrownBy(() -> site(empty).mustBeNew())
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("is its drive mounted?")
        .hasMessageContaining("blksh run create --store " + empty);
    assertThatCode(() -> site(empty).mustBeMounted()).doesNotThrowAnyException();
    Files.createDirectory(empty.resolve("lost+found"));
    assertThatCode(() -> site(empty).mustBeNew()).doesNotThrowAnyException();
  }

  @Test
  void otherFilesAndLinksToNothingAreNoPlaceForOne() throws IOException {
    Path file = Files.writeString(real.resolve("file"), "mine");
    Path link = Files.createSymbolicLink(real.resolve("link"), real.resolve("nowhere"));
    Path used = Files.createDirectories(real.resolve("used/photos")).getParent();
    assertThatThrownBy(() -> site(file).mustBeNew()).hasMessageContaining("it is no directory");
    assertThatThrownBy(() -> site(link).mustBeNew()).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> site(used).mustBeNew())
        .hasMessageContaining("there is no store in it");
  }

  @Test
  void nothingIsMadeBelowAMountPointOfFstabOnWhichNothingIsMounted() throws IOException {
    Path point = Files.createDirectory(real.resolve("backup"));
    Path store = point.resolve("deep/store");
    Path link = Files.createSymbolicLink(real.resolve("link"), point);
    for (Path path : List.of(store, link.resolve("store"), point)) {
      assertThatThrownBy(() -> site(path, point).mustBeMounted())
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining(point + " is a mount point of /etc/fstab");
      assertThatThrownBy(() -> site(path, point).mustBeNew()).isInstanceOf(BlkshException.class);
    }
    assertThat(point).isEmptyDirectory();
  }
}
