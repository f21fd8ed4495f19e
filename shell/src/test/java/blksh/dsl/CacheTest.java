package blksh.dsl;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static blksh.kit.Reading.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.WritableSource;
import blksh.view.Size;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A source read through a file that keeps what was read, and where that file is. */
class CacheTest {

  private static final byte[] DISC = random(MIB, 1);
  private static final Size BLOCK = new Size(64 * KIB);

  @TempDir Path folder;
  @AutoClose private Sitting sitting;
  private Drive drive;

  @BeforeEach
  void open() throws IOException {
    sitting = new Sitting(folder);
    drive = sitting.words.drive(sitting.file("disc", DISC));
  }

  private Cache cache(Source source) {
    return sitting.words.cache(source, folder.resolve("kept"), BLOCK, false);
  }

  /** Two files as ddrescue leaves them: a copy, and a map of so many lines. */
  private Cache begun(String... lines) throws IOException {
    Path map = folder.resolve("copy.map");
    Files.writeString(map, "0x0 ? 1\n" + String.join("\n", lines) + "\n");
    return sitting.words.cache(drive, sitting.file("copy", DISC), map, false);
  }

  @Test
  void aNewCacheIsNamedAfterItsMediumAndHasReadNothing() {
    Cache cache = cache(drive);
    assertThat(cache.getName()).isEqualTo("disc");
    assertThat(cache.getSize()).isEqualTo(new Size(MIB));
    assertThat(cache.getMedium()).matches("[0-9a-f]{8}");
    Path file = folder.resolve("kept.cache." + cache.getMedium() + "~");
    assertThat(cache.getFile()).isEqualTo(file);
    assertThat(cache.getMapFile()).isEqualTo(Path.of(file + ".map"));
    assertThat(cache.getSource()).isEqualTo(folder.resolve("disc").toString());
    assertThat(cache.getLastUsed()).isNull();
    assertThat(cache.getReachable()).isTrue();
    assertThat(cache.getRead()).isEqualTo(new Size(0));
    assertThat(cache.getUntried()).isEqualTo(new Size(MIB));
    assertThat(Sitting.cell(cache, "read")).isEqualTo("0.0 %");
    assertThat(Sitting.cell(cache, "bad")).isNull();
    assertThat(Sitting.value(cache, "problem")).isNull();
    assertThat(cache.title()).isEqualTo("cache disc");
  }

  @Test
  void withoutAFileOfItsOwnItIsKeptBelowTheHome() {
    Cache cache = sitting.words.cache(drive, (Path) null, BLOCK, false);
    assertThat(cache.getFile().getParent()).isEqualTo(folder.resolve("home/caches"));
    Path deep = folder.resolve("a/b/kept");
    assertThat(sitting.words.cache(drive, deep, BLOCK, false).getFile())
        .hasParent(folder.resolve("a/b"))
        .exists();
  }

  @Test
  void whatWasReadIsKept() {
    Cache cache = cache(drive);
    try (BlockSource source = cache.open()) {
      assertThat(read(source, 256 * KIB, 10))
          .isEqualTo(Arrays.copyOfRange(DISC, 256 * KIB, 256 * KIB + 10));
    }
    assertThat(cache.getRead()).isEqualTo(BLOCK);
    assertThat(Sitting.cell(cache, "read")).isEqualTo("6.2 %");
    // It stays open when one of those who read it is done.
    Rescued filled = cache.fill();
    assertThat(filled.getMoved()).isEqualTo(new Size(MIB - 64 * KIB));
    assertThat(filled.getRead()).isEqualTo(new Size(MIB));
    assertThat(filled.getWhole()).isTrue();
    assertThat(filled).hasToString("filled disc");
    assertThat(Sitting.cell(cache, "read")).isEqualTo("100.0 %");
    assertThat(cache.compare(drive).getSame()).isTrue();
    assertThat(cache.fill().getMoved()).isEqualTo(new Size(0));
  }

  @Test
  void goesOnWithWhatDdrescueBegan() throws IOException {
    Cache cache =
        begun(
            "0x0 0x80000 +",
            "0x80000 0x10000 *",
            "0x90000 0x10000 /",
            "0xa0000 0x400 -",
            "0xa0400 0x5fc00 ?");
    assertThat(cache.getRead()).isEqualTo(new Size(0x80000));
    assertThat(cache.getWaiting()).isEqualTo(new Size(0x20000));
    assertThat(cache.getBad()).isEqualTo(new Size(KIB));
    assertThat(cache.getUntried()).isEqualTo(new Size(0x5fc00));
    assertThat(Sitting.value(cache.getMap(), "non-scraped")).isEqualTo(new Size(0x10000));
    assertThat(Sitting.cell(cache, "bad")).isEqualTo(new Size(KIB));
    assertThat(cache.getMap().title()).isEqualTo("map of disc, 1 MiB");
    Rescued rescued = cache.rescue(1, false, Duration.ZERO, new Size(0));
    assertThat(rescued.getWhole()).isTrue();
    assertThat(rescued.getMoved()).isEqualTo(new Size(MIB / 2));
  }

  @Test
  void allIsNeverSaidBeforeAllIsRead() throws IOException {
    Cache cache = begun("0x0 0xffe00 +", "0xffe00 0x200 ?");
    assertThat(Sitting.value(cache, "share")).isEqualTo("99.9 %");
  }

  @Test
  void anEmptyMediumIsReadAltogether() throws IOException {
    Cache cache = cache(sitting.words.drive(sitting.file("empty", new byte[0])));
    assertThat(Sitting.value(cache, "share")).isEqualTo("100 %");
    assertThat(cache.fill().getWhole()).isTrue();
  }

  @Test
  void filesOfAnotherMediumAreRefused() throws IOException {
    cache(drive).fill();
    Drive other = sitting.words.drive(sitting.file("other", random(2 * MIB, 2)));
    Path copy = cache(drive).getFile();
    Cache wrong = sitting.words.cache(other, copy, cache(drive).getMapFile(), false);
    assertThatThrownBy(wrong::getRead).isInstanceOf(BlkshException.class);
    assertThat(cache(other).getFile()).isNotEqualTo(copy);
  }

  @Test
  void aBlockIsAPowerOfTwoWithinReason() {
    for (long bytes : new long[] {0, 511, 513, 1000, 128L << 20, 4L << 30, (1L << 32) + 512}) {
      Sitting.refused(
          () -> sitting.words.cache(drive, (Path) null, new Size(bytes), false),
          "cannot cache disc: block of "
              + bytes
              + " bytes; it must be a power of two from 512 to 67108864");
    }
    Cache coarse = sitting.words.cache(drive, folder.resolve("kept"), new Size(512), false);
    try (BlockSource source = coarse.open()) {
      assertThat(read(source, 700 * KIB, 1)).hasSize(1);
    }
    assertThat(coarse.getRead()).isEqualTo(new Size(512));
  }

  @Test
  void writesGoThroughToTheDriveWhenAskedFor() throws IOException {
    try (BlockSource source = cache(drive).open()) {
      assertThat(source).isNotInstanceOf(WritableSource.class);
    }
    Cache through = sitting.words.cache(drive, folder.resolve("through"), BLOCK, true);
    try (WritableSource source = (WritableSource) through.open()) {
      source.write(5000, ByteBuffer.wrap(new byte[] {1, 2, 3}));
      source.sync();
      assertThat(read(source, 5000, 3)).containsExactly(1, 2, 3);
    }
    byte[] expected = DISC.clone();
    System.arraycopy(new byte[] {1, 2, 3}, 0, expected, 5000, 3);
    assertThat(Files.readAllBytes(folder.resolve("disc"))).isEqualTo(expected);
    Cache wrong =
        sitting.words.cache(new Medium(sitting, DISC), folder.resolve("other"), BLOCK, true);
    Sitting.refused(
        wrong::open, "cannot write through medium: only a drive or a file can be written");
  }

  @Test
  void anExportTakesAPlaceThatIsFree() throws IOException {
    Cache cache = cache(drive);
    cache.fill();
    Path image = folder.resolve("image");
    Rescued exported = cache.export(image.toString(), false);
    assertThat(exported).hasToString("exported disc to " + image);
    assertThat(Files.readAllBytes(image)).isEqualTo(DISC);
    assertThatThrownBy(() -> cache.export(image, false)).hasMessageContaining("it exists");
    cache.export(image, true);
    Sitting.refused(
        () -> cache.export("s3://bucket/image", false),
        "cannot write s3://bucket/image: files and drives in a bucket are not supported yet");
  }

  @Test
  void whatIsDiscardedIsForgotten() {
    Cache cache = cache(drive);
    cache.fill();
    assertThat(sitting.words.getCaches().getKeys()).containsExactly("kept");
    cache.discard();
    assertThat(cache.getFile()).doesNotExist();
    assertThat(cache.getMapFile()).doesNotExist();
    assertThat(sitting.words.getCaches()).isEmpty();
    assertThat(folder.resolve("disc")).exists();
  }

  @Test
  void whatIsDiscardedIsForgottenByARelativeNameToo() {
    Path relative = Path.of("").toAbsolutePath().relativize(folder.resolve("kept"));
    Cache cache = sitting.words.cache(drive, relative, BLOCK, false);
    cache.fill();
    cache.discard();
    assertThat(cache.getFile()).doesNotExist();
    assertThat(sitting.words.getCaches()).isEmpty();
  }
}
