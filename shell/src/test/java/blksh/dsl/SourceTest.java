package blksh.dsl;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.image.ChecksumKind;
import blksh.io.UnreadableException;
import blksh.view.Hexdump;
import blksh.view.Size;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What can be done with anything that reads at a position. */
class SourceTest {

  @TempDir Path folder;
  @AutoClose private Sitting sitting;

  @BeforeEach
  void open() {
    sitting = new Sitting(folder);
  }

  private Drive drive(byte[] bytes) throws IOException {
    return sitting.words.drive(sitting.file("disk", bytes));
  }

  private static Converted convert(Source source, Path to, int level, boolean overwrite) {
    return source.convert(
        to.toString(),
        ImageFormat.RAW,
        ChecksumKind.CRC32,
        ImageCompression.ZSTD,
        level,
        overwrite);
  }

  @Test
  void bytesAreShownAsFarAsThereAreAny() throws IOException {
    Drive drive = drive("0123456789abcdefXYZ".getBytes(US_ASCII));
    assertThat(drive.hexdump(0, new Size(256)).getLines())
        .containsExactly(
            "0000000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|",
            "0000000010  58 59 5a                                          |XYZ|");
    Hexdump some = drive.hexdump(14, new Size(3));
    assertThat(some.title()).isEqualTo("bytes 14 to 17 of disk");
    assertThat(some.getBytes()).isEqualTo("efX".getBytes(US_ASCII));
    assertThat(some.getLines()).singleElement().asString().startsWith("000000000e  65 66 58 ");
    assertThat(Sitting.lines(drive.hexdump(19, new Size(1))))
        .containsExactly("bytes 19 to 19 of disk: nothing");
    assertThat(drive.hexdump(3, new Size(0)).getBytes()).isEmpty();
  }

  @Test
  void bytesThatAreNotThereAreRefused() throws IOException {
    Drive drive = drive(new byte[100]);
    for (long position : new long[] {-1, 101, Long.MAX_VALUE}) {
      Sitting.refused(
          () -> drive.hexdump(position, new Size(1)),
          "cannot dump disk from byte " + position + ": it has 100 bytes");
    }
    Sitting.refused(
        () -> drive.hexdump(0, new Size(MIB + 1)),
        "cannot dump disk from byte 0: 1 MiB is more than anybody reads; at most 1 MiB at a"
            + " time");
    Sitting.refused(
        () -> drive.hexdump(0, new Size(-1)),
        "cannot dump disk from byte 0: -1 B is less than nothing");
  }

  @Test
  void aDigestIsThatOfSha256sum() throws IOException {
    assertThat(drive("abc".getBytes(US_ASCII)).sha256())
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assertThat(drive(new byte[0]).sha256())
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }

  @Test
  void whatCannotBeReadIsSaidWithItsPlace() {
    Medium medium = new Medium(sitting, random(64 * KIB, 1)).unreadable(4096, 512);
    assertThatThrownBy(medium::sha256)
        .isInstanceOf(UnreadableException.class)
        .hasMessageContaining("at byte 4096");
    assertThatThrownBy(() -> medium.compare(new Medium(sitting, random(64 * KIB, 1))))
        .isInstanceOf(UnreadableException.class);
    assertThat(sitting.words.getRuns())
        .extracting(PastRun::getVerb)
        .containsExactly("compare", "digest");
  }

  @Test
  void aMapIsDrawnWithoutReading() throws IOException {
    Medium medium = new Medium(sitting, random(64 * KIB, 1)).unreadable(0, 64 * KIB);
    assertThat(Sitting.value(medium.getMap(), "data")).isEqualTo(new Size(64 * KIB));
    assertThat(medium.getMap().title()).isEqualTo("map of medium, 64 KiB");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 20, -3})
  void aLevelThatThereIsNotIsRefused(int level) throws IOException {
    Drive drive = drive(random(KIB, 1));
    Path to = folder.resolve("to");
    Sitting.refused(
        () -> convert(drive, to, level, false),
        "cannot convert disk: level " + level + " is not from 1 to 19");
    assertThat(to).doesNotExist();
  }

  @Test
  void aConversionReplacesOnlyWhenTold() throws IOException {
    Drive drive = drive(random(64 * KIB, 1));
    Path to = Files.writeString(folder.resolve("to"), "precious");
    assertThatThrownBy(() -> convert(drive, to, 1, false))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("it exists");
    assertThat(to).hasContent("precious");
    Converted converted = convert(drive, to, 19, true);
    assertThat(converted).hasToString("converted disk");
    assertThat(converted.getWritten().getBytes()).isEqualTo(Files.size(to));
    assertThat(sitting.words.image(to, false, true, null, false).compare(drive).getSame()).isTrue();
    Sitting.refused(
        () -> drive.restore("s3://bucket/x", false),
        "cannot write s3://bucket/x: files and drives in a bucket are not supported yet");
  }

  @Test
  void aSourceIsWrittenOutWholeAndNotOverWhatIsThere() throws IOException {
    byte[] bytes = random(10_001, 1);
    Drive drive = drive(bytes);
    Path back = folder.resolve("back");
    Result restored = drive.restore(back.toString(), false);
    assertThat(restored).hasToString("restored disk");
    assertThat(restored.figures()).containsEntry("written", 10_001L);
    assertThat(Files.readAllBytes(back)).isEqualTo(bytes);
    assertThatThrownBy(() -> drive.restore(back.toString(), false))
        .hasMessageContaining("it exists; to write over it, say overwrite = true");
  }

  @Test
  void aDryRunWritesNeitherAnImageNorAFile() throws IOException {
    Path disk = sitting.file("disk", random(64 * KIB, 1));
    try (Sitting dry = new Sitting(folder, "--dry-run")) {
      Drive drive = dry.words.drive(disk);
      Path to = folder.resolve("to");
      assertThat(drive.restore(to.toString(), false)).hasToString("would restore disk");
      Converted converted = convert(drive, to, 1, false);
      assertThat(converted).hasToString("would convert disk");
      assertThat(converted.getWritten()).isEqualTo(new Size(0));
      assertThat(to).doesNotExist();
    }
  }

  @Test
  void aDashIsStandardInput() {
    Input stream = sitting.words.source("-");
    assertThat(stream).isInstanceOf(Stream.class).hasToString("-");
    assertThat(stream.getName()).isEqualTo("stdin");
    assertThat(stream.title()).isEqualTo("standard input");
    Store store = sitting.words.store(folder.resolve("store"));
    Sitting.refused(
        () -> store.capture(stream, "s", true, false),
        "cannot capture s: what a stream does not use cannot be told; leave skipFree out");
  }
}
