package blksh.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.Content;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MapfileTest {

  @TempDir Path folder;

  /** The map of a copy that GNU ddrescue 1.27 began. */
  @Test
  void readsAMapThatDdrescueWrote() throws IOException {
    Mapfile mapfile = Mapfile.read(resource("ddrescue.map"), 3 << 20);
    assertThat(mapfile.phase()).isEqualTo('+');
    assertThat(mapfile.position()).isEqualTo(0x270000);
    assertThat(mapfile.map(folder).ranges())
        .containsExactly(
            new RescueRange(0, 0x100000, RescueStatus.FINISHED),
            new RescueRange(0x100000, 0x200000, RescueStatus.NON_TRIED),
            new RescueRange(0x200000, 0x280000, RescueStatus.FINISHED),
            new RescueRange(0x280000, 0x300000, RescueStatus.NON_TRIED));
  }

  /** A map blkcache 0.0.2 wrote. */
  @Test
  void readsAMapThatBlkcacheWrote() throws IOException {
    assertThat(RescueMap.read(resource("blkcache.map"), 3 << 20).isFinished()).isTrue();
  }

  @Test
  void aRequestThatBlkcacheMarkedBadIsTriedAgainSectorBySector() throws IOException {
    Path map = write("## blkcache: block_size=512\n0 ? 1\n0 0x10000 +\n0x10000 0x10000 -\n");
    assertThat(RescueMap.read(map, 1 << 20).bytes(RescueStatus.NON_TRIMMED)).isEqualTo(0x10000);
  }

  @Test
  void readsDecimalOctalAndHexadecimalNumbersAndCommentsAnywhere() throws IOException {
    Path map = write("# x\n 010 * 3 # doing\n\n\t16 020 - # bad\n0x20 8 /\n");
    Mapfile mapfile = Mapfile.read(map, 50);
    assertThat(mapfile.position()).isEqualTo(8);
    assertThat(mapfile.pass()).isEqualTo(3);
    assertThat(mapfile.map().ranges())
        .containsExactly(
            new RescueRange(0, 16, RescueStatus.NON_TRIED),
            new RescueRange(16, 32, RescueStatus.BAD_SECTOR),
            new RescueRange(32, 40, RescueStatus.NON_SCRAPED),
            new RescueRange(40, 50, RescueStatus.NON_TRIED));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "# nothing\n",
        "0 ! 1\n",
        "0 ? 1\n0 10\n",
        "0 ? 1\n0 10 x\n",
        "0 ? 1\n0 0 +\n",
        "0 ? 1\n-5 10 +\n",
        "0 ? 1\n0 10 +\n20 10 +\n",
        "0 ? 1\n0 10 +\n5 10 +\n",
        "0 ? 1\n0x7fffffffffffffff 10 +\n",
        "0 ? 1\n0 10 + 7\n",
        "zero ? 1\n",
      })
  void whatIsNoMapfileIsRefused(String text) throws IOException {
    Path map = write(text);
    assertThatThrownBy(() -> Mapfile.read(map, 1 << 20)).isInstanceOf(BlkshException.class);
  }

  @Test
  void binaryFilesAreRefused() throws IOException {
    Path map = Files.write(folder.resolve("map"), Content.random(5000, 1));
    assertThatThrownBy(() -> Mapfile.read(map, 1 << 20))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("read mapfile");
  }

  @Test
  void aMessageQuotesOnlyTheBeginningOfALine() throws IOException {
    Path map = write("0 ? 1\n0 10 +" + "x".repeat(1000) + "\n");
    assertThatThrownBy(() -> Mapfile.read(map, 1 << 20))
        .hasMessageContaining("line 2 is neither a status nor the next block: 0 10 +xxx")
        .satisfies(e -> assertThat(e.getMessage()).endsWith("x…").hasSizeLessThan(300));
    Path endless = write("0 ? 1\n" + "x".repeat(1_000_000));
    assertThatThrownBy(() -> Mapfile.read(endless, 1 << 20)).hasMessageContaining("has no end");
    Path comment = write("#" + "x".repeat(1_000_000) + "\n0 ? 1\n0 10 +\n");
    assertThat(Mapfile.read(comment, 10).map().isFinished()).isTrue();
  }

  @Test
  void whatLiesBeyondTheSourceIsRefusedWhenItIsFinishedAndElseLeftOut() throws IOException {
    Path map = write("0 ? 1\n0 10 +\n10 10 -\n");
    assertThat(RescueMap.read(map, 15).bytes(RescueStatus.BAD_SECTOR)).isEqualTo(5);
    assertThatThrownBy(() -> RescueMap.read(map, 9))
        .isInstanceOf(OtherMediumException.class)
        .hasMessageContaining("it tells of bytes up to 10, and the medium has 9");
  }

  @Test
  void comesBackAsItWasWritten() throws IOException {
    RescueMap map = new RescueMap(1L << 40);
    map.mark(512, 1 << 20, RescueStatus.FINISHED);
    map.mark(1 << 30, 1L << 35, RescueStatus.BAD_SECTOR);
    map.mark(1L << 35, 1L << 36, RescueStatus.NON_SCRAPED);
    map.mark(1L << 36, (1L << 40) - 7, RescueStatus.NON_TRIMMED);
    Map<String, String> notes = Map.of("serial", "a = b # c");
    Mapfile written = new Mapfile(77, '/', 2, map, notes);
    Path path = folder.resolve("map");
    written.write(path);
    Mapfile read = Mapfile.read(path, map.size());
    assertThat(read.position()).isEqualTo(77);
    assertThat(read.phase()).isEqualTo('/');
    assertThat(read.pass()).isEqualTo(2);
    assertThat(read.notes()).isEqualTo(notes);
    assertThat(read.map().ranges()).containsExactlyElementsOf(map.ranges());
    assertThat(folder.toFile().list()).containsExactly("map");
  }

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("map"), text);
  }

  private Path resource(String name) throws IOException {
    try (InputStream in = MapfileTest.class.getResourceAsStream(name)) {
      Files.copy(in, folder.resolve(name));
    }
    return folder.resolve(name);
  }
}
