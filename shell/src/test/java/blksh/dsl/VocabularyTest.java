package blksh.dsl;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.Place;
import blksh.session.UsageException;
import blksh.view.Size;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The words by themselves: what they find, and what they say when they do not. */
class VocabularyTest {

  @TempDir Path folder;
  @AutoClose private Sitting sitting;
  private Vocabulary words;

  @BeforeEach
  void open() {
    sitting = new Sitting(folder);
    words = sitting.words;
  }

  @Test
  void aScriptKnowsWhereItRuns() {
    assertThat(words.getArgs()).containsExactly("a", "-b");
    assertThat(words.getHome()).isEqualTo(folder.resolve("home"));
    assertThat(words.getHost()).isNotEmpty().doesNotContain(".");
    assertThat(words.getDryRun()).isFalse();
    try (Sitting dry = new Sitting(folder, "--dry-run")) {
      assertThat(dry.words.getDryRun()).isTrue();
    }
  }

  @Test
  void aHomeIsMadeOnlyWhenSomethingIsRemembered() {
    assertThat(words.getStores()).isEmpty();
    assertThat(words.getManifests()).isEmpty();
    assertThat(words.getRuns()).isEmpty();
    assertThat(words.getJobs()).isEmpty();
    assertThat(words.getCaches()).isEmpty();
    assertThat(folder.resolve("home")).doesNotExist();
  }

  @Test
  void aWordIsAVersionAnImageOrADrive() throws IOException {
    Path disk = sitting.file("disk", random(64 * KIB, 1));
    assertThat(words.source(disk.toString(), (Place) null, null)).isInstanceOf(Drive.class);
    Path image = sitting.image("partclone-ext4-crc32.img");
    assertThat(words.source(image.toString(), (Place) null, null)).isInstanceOf(Image.class);
    words.store(folder.resolve("store")).capture(words.drive(disk), "disk", false, false);
    Source version = words.source("disk@1", folder.resolve("store"), null);
    assertThat(version).isInstanceOf(Manifest.class).hasToString("disk@1");
    assertThat(version.compare(words.drive(disk)).getSame()).isTrue();
    assertThat(words.source(disk.toString())).isInstanceOf(Drive.class);
  }

  @Test
  void aPartOfAWordIsOneOfItsPartitions() throws IOException {
    String disk = sitting.image("disk-mbr.img").toString();
    assertThat(words.source(disk, (Place) null, "p5").getName()).isEqualTo("disk-mbr.img.p5");
    Sitting.refused(
        () -> words.source(disk, (Place) null, "p2"),
        "cannot find partition p2 of disk-mbr.img: there is none; there are p1, p5, p6");
  }

  @Test
  void aWordThatIsNothingIsRefused() {
    String missing = folder.resolve("missing").toString();
    Sitting.refused(
        () -> words.source(missing, (Place) null, null),
        "cannot open " + missing + ": there is no such file or device");
    Sitting.refused(
        () -> words.source("disk@1", folder.resolve("store"), null),
        "cannot open store "
            + folder.resolve("store")
            + ": there is no store, and no such directory; name the directory of a store; a capture"
            + " or create makes one");
    Sitting.refused(
        () -> words.source("nbd+unix:///disk", (Place) null, null),
        "cannot open nbd+unix:///disk: it names no socket; write nbd://HOST:PORT/EXPORT or"
            + " nbd+unix:///EXPORT?socket=PATH");
  }

  @Test
  void filesHoldTheSameBytesOrNot() throws IOException {
    Path one = sitting.file("one", random(KIB, 1));
    Path other = sitting.file("other", random(KIB, 1));
    assertThat(words.same(one, other)).isTrue();
    assertThat(words.same(one, sitting.file("longer", random(KIB + 1, 1)))).isFalse();
    assertThat(words.same(one, sitting.file("empty", new byte[0]))).isFalse();
    assertThat(words.same(one, sitting.file("changed", random(KIB, 2)))).isFalse();
    Path missing = folder.resolve("missing");
    Sitting.refused(
        () -> words.same(one, missing),
        "cannot compare " + one + " with " + missing + ": there is no such file or device");
  }

  @Test
  void resultsAreShownAsThePromptDoes() {
    words.show(new Deleted(List.of("disk@1"), false));
    words.show(new Size(4096));
    words.show(null);
    assertThat(sitting.printed())
        .startsWith("deleted\n")
        .contains("disk@1")
        .endsWith("\n4 KiB\n-\n");
    assertThat(sitting.session.findings()).isEmpty();
  }

  @Test
  void findingsAndMisuseAreSaid() {
    words.finding("the fan is loud");
    assertThat(sitting.session.findings()).containsExactly("the fan is loud");
    assertThatThrownBy(() -> words.usage("name two disks"))
        .isInstanceOf(UsageException.class)
        .hasMessage("name two disks; try --help");
  }
}
