package blksh.dsl;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Program;
import blksh.view.Size;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What comes with the checkout to try things on. */
class SampleDiskTest {

  private static final String LAUNCHER = "blksh.launcher";

  @TempDir Path folder;
  private String before;

  @BeforeEach
  void nameTheCheckout() {
    before = System.getProperty(LAUNCHER);
    System.setProperty(LAUNCHER, Program.launcher().toString());
  }

  @AfterEach
  void forgetTheCheckout() {
    if (before == null) {
      System.clearProperty(LAUNCHER);
    } else {
      System.setProperty(LAUNCHER, before);
    }
  }

  @Test
  void bothGenerationsAreWhatTheirDigestsSay() throws IOException {
    try (Sitting sitting = new Sitting(folder)) {
      List<String> sums = Files.readAllLines(Program.root().resolve("samples/SHA256SUMS"));
      for (int generation : new int[] {1, 2}) {
        Drive disk = sitting.words.sampleDisk(generation);
        String name = "disk-" + generation + ".img";
        assertThat(disk.getPath()).isEqualTo(folder.resolve("home/samples").resolve(name));
        assertThat(sums).contains(disk.sha256() + "  " + name);
      }
    }
  }

  @Test
  void whatIsThereIsLeftAsItIs() throws IOException {
    Path disk = SampleDisk.INSTANCE.unpack(1, folder);
    Files.writeString(disk, "mine");
    assertThat(SampleDisk.INSTANCE.unpack(1, folder)).isEqualTo(disk).hasContent("mine");
  }

  @Test
  void thereAreTwoGenerations() {
    Path packed = Program.root().resolve("samples/disk-3.img.gz");
    Sitting.refused(
        () -> SampleDisk.INSTANCE.unpack(3, folder),
        "cannot unpack the sample disk: " + packed + " is missing; generations are 1 and 2");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void withoutACheckoutThereIsNone() {
    System.clearProperty(LAUNCHER);
    Sitting.refused(
        () -> SampleDisk.INSTANCE.unpack(1, folder),
        "cannot unpack the sample disk: there is no checkout");
  }

  @Test
  void aStoreAndAnImageAreMadeOfThemOnce() {
    try (Sitting sitting = new Sitting(folder)) {
      Store store = sitting.words.sampleStore();
      assertThat(store.getManifests())
          .extracting(Manifest::getReference)
          .containsExactly("disk@1", "disk@2");
      assertThat(sitting.words.sampleStore().getManifests()).hasSize(2);
      Image image = sitting.words.getSampleImage();
      assertThat(image.getFormat()).isEqualTo("partclone");
      assertThat(image.getSize()).isEqualTo(new Size(24 << 20));
      long made = sitting.words.getRuns().size();
      assertThat(sitting.words.getSampleImage().getPath()).isEqualTo(image.getPath());
      assertThat(sitting.words.getRuns()).hasSize((int) made);
    }
  }
}
