package blksh.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.kit.Component;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Burning by xorriso, to its drive that is a file. */
class DiscBurningTest {

  @TempDir Path dir;
  private DiscWorkshop shop;
  private Disc disc;

  @BeforeEach
  void write() throws IOException {
    Component.need(Tool.isThere("xorriso"), "there is no xorriso");
    shop = new DiscWorkshop(dir);
    shop.changed("head -c 3000000 /dev/urandom > photo; echo x > x");
    shop.writeAll(shop.segment(9_000_000));
    disc = shop.catalogue.discSet().discs().get(0);
  }

  @AfterEach
  void close() {
    if (shop != null) {
      shop.close();
    }
  }

  private WrittenDisc burn(String drive, boolean overwrite) {
    return shop.catalogue.burn(disc, null, drive, overwrite, Task.unwatched());
  }

  @Test
  void anImageIsBurnedAndCompared() throws IOException {
    Path medium = dir.resolve("medium");
    WrittenDisc burned = burn("stdio:" + medium, false);

    assertThat(burned.faultCount()).isZero();
    assertThat(burned.image()).isEqualTo(medium);
    assertThat(Files.mismatch(medium, disc.image())).isIn(-1L, disc.size());
  }

  @Test
  void whatIsNotBlankIsWrittenOverOnlyWhenThatIsSaid() throws IOException {
    Path medium = dir.resolve("medium");
    Tool.named("xorriso").run("-as", "cdrecord", "dev=stdio:" + medium, dir.resolve("c.catalogue"));
    byte[] before = Files.readAllBytes(medium);
    assertThatThrownBy(() -> burn("stdio:" + medium, false))
        .hasMessageContaining("not blank")
        .hasMessageContaining("overwrite");
    assertThat(medium).hasBinaryContent(before);
    assertThat(burn("stdio:" + medium, true).faultCount()).isZero();
  }

  @Test
  void whatIsNoDriveForDiscsIsRefused() throws IOException {
    assertThatThrownBy(() -> burn(dir.resolve("c.catalogue").toString(), true))
        .hasMessageContaining("it is no drive");
    assertThatThrownBy(() -> burn("stdio:/dev/null", true)).hasMessageContaining("it is no file");
    assertThatThrownBy(() -> burn("stdio:" + disc.image(), true))
        .hasMessageContaining("it is what is to be burned");
    Path other = Files.write(dir.resolve("other.iso"), new byte[1 << 20]);
    assertThatThrownBy(
            () -> shop.catalogue.burn(disc, other, "stdio:" + dir, true, Task.unwatched()))
        .hasMessageContaining("is not its image");
  }

  @Test
  void aDiskIsNoDriveForDiscs() throws IOException {
    Component.needRoot();
    Path file = Files.write(dir.resolve("disk"), new byte[20 << 20]);
    try (LoopDevice loop = LoopDevice.attach(file, 512)) {
      assertThatThrownBy(() -> burn(loop.path().toString(), true))
          .hasMessageContaining("no drive for discs");
    }
  }
}
