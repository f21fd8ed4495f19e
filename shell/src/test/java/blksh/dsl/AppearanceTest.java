package blksh.dsl;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.Component;
import blksh.view.Size;
import blksh.workspace.MountEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cache that other programs read as a file. */
class AppearanceTest {

  private static final byte[] DISC = random(256 * KIB, 1);

  @TempDir Path folder;
  private Sitting sitting;
  private Cache cache;

  @BeforeEach
  void open() throws IOException {
    Component.needFuse();
    sitting = new Sitting(folder);
    Drive drive = sitting.words.drive(sitting.file("disc", DISC));
    cache = sitting.words.cache(drive, folder.resolve("kept"), new Size(64 * KIB), false);
  }

  @AfterEach
  void close() {
    if (sitting != null) {
      sitting.close();
    }
  }

  @Test
  void aFileIsThereUntilItIsClosed() throws IOException {
    Path file = folder.resolve("disc.img");
    Path mounted;
    try (Appearance appearance = cache.appear(file)) {
      assertThat(appearance.getFile()).isEqualTo(file);
      assertThat(appearance).hasToString(file.toString());
      assertThat(appearance.title()).isEqualTo("file " + file);
      assertThat(Sitting.value(appearance, "shows"))
          .isEqualTo("cached file " + folder.resolve("disc"));
      assertThat(Files.readAllBytes(file)).isEqualTo(DISC);
      mounted = Path.of((String) Sitting.value(appearance, "mounted at"));
      assertThat(mounted).isDirectory();
    }
    assertThat(Files.exists(file, LinkOption.NOFOLLOW_LINKS)).isFalse();
    assertThat(mounted).doesNotExist();
    // What was read through it is kept, and the cache goes on.
    assertThat(cache.getRead()).isEqualTo(new Size(256 * KIB));
    assertThat(cache.fill().getWhole()).isTrue();
  }

  @Test
  void itEndsWithTheSession() {
    Path file = folder.resolve("disc.img");
    Path mounted = Path.of((String) Sitting.value(cache.appear(file.toString()), "mounted at"));
    sitting.close();
    assertThat(Files.exists(file, LinkOption.NOFOLLOW_LINKS)).isFalse();
    assertThat(mounted).doesNotExist();
  }

  @Test
  void aNameThatIsTakenIsLeftAlone() throws IOException {
    Path taken = Files.writeString(folder.resolve("taken"), "mine");
    Sitting.refused(
        () -> cache.appear(taken),
        "cannot make disc appear as "
            + taken
            + ": it exists already; choose another name, or remove it");
    assertThat(taken).hasContent("mine");
    Path dangling =
        Files.createSymbolicLink(folder.resolve("dangling"), folder.resolve("nowhere/disc"));
    assertThatThrownBy(() -> cache.appear(dangling)).hasMessageContaining("it exists already");
    assertThat(Files.readSymbolicLink(dangling)).isEqualTo(folder.resolve("nowhere/disc"));
  }

  @Test
  void whatAKilledProcessLeftIsReplaced() throws IOException {
    Path file =
        Files.createSymbolicLink(
            folder.resolve("disc.img"), folder.resolve("blksh-image-1234/disc"));
    try (Appearance appearance = cache.appear(file)) {
      assertThat(Files.readAllBytes(appearance.getFile())).isEqualTo(DISC);
    }
  }

  @Test
  void whereNoFileCanBeNothingStaysMounted() {
    Path nowhere = folder.resolve("no/such/place");
    assertThatThrownBy(() -> cache.appear(nowhere))
        .isInstanceOf(BlkshException.class)
        .hasMessage("cannot make disc appear as " + nowhere + ": there is no such file or device");
    assertThat(sitting.words.getMounts())
        .noneMatch(mount -> mount.getState() == MountEntry.State.HERE);
  }

  @Test
  void whatSomebodyPutInItsPlaceStays() throws IOException {
    Path file = folder.resolve("disc.img");
    try (Appearance appearance = cache.appear(file)) {
      Files.delete(appearance.getFile());
      Files.writeString(file, "mine");
    }
    assertThat(file).hasContent("mine");
  }
}
