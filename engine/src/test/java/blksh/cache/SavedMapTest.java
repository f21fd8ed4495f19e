package blksh.cache;

import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.WritableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SavedMapTest {

  private static final int SIZE = 16 * MIB;
  private static final long REGION = 4L * MIB;

  @TempDir Path folder;

  private Path path;
  private WritableFile source;
  private CachedBytes held;
  private SavedMap saved;

  @BeforeEach
  void open() throws IOException {
    path = Files.createDirectory(folder.resolve("directory")).resolve("map");
    source = WritableFile.open(Files.write(folder.resolve("source"), random(SIZE, 1)));
    SourceIdentity identity = SourceIdentity.of(source);
    held = CachedBytes.open(source, identity, new FilePair(folder.resolve("data"), path), false);
    saved =
        new SavedMap(path, new SourceReader(source, CacheOptions.defaults(), held), held, identity);
  }

  @AfterEach
  void close() {
    held.close();
    source.close();
  }

  private RescueMap onDisk() {
    return RescueMap.read(path, SIZE);
  }

  @Test
  void itClaimsWhatTheMapInMemoryDoesAndTellsWhatIsBeingDone() throws IOException {
    held.keep(0, 4096, ByteBuffer.wrap(random(4096, 1)));
    saved.now('/', 3, 4096);
    saved.save();
    Mapfile mapfile = Mapfile.read(path, SIZE);
    assertThat(mapfile.map().ranges()).containsExactlyElementsOf(held.map().ranges());
    assertThat(mapfile.phase()).isEqualTo('/');
    assertThat(mapfile.pass()).isEqualTo(3);
    assertThat(mapfile.position()).isEqualTo(4096);
    assertThat(mapfile.notes()).containsEntry("fingerprint", saved.identity().fingerprint());
    assertThat(held.isUnsaved()).isFalse();
  }

  @Test
  void itClaimsNothingNearAWriteUntilThatIsLongOver() throws IOException {
    held.mark(0, SIZE, RescueStatus.FINISHED);
    saved.save();
    saved.disown(REGION + 5, REGION + 6);
    assertThat(onDisk().bytes(RescueStatus.FINISHED)).isEqualTo(SIZE - REGION);
    saved.save();
    saved.save();
    assertThat(onDisk().bytes(RescueStatus.FINISHED)).isEqualTo(SIZE - REGION);
    saved.written(REGION + 5, REGION + 6);
    saved.save();
    assertThat(onDisk().bytes(RescueStatus.FINISHED)).isEqualTo(SIZE - REGION);
    saved.save();
    assertThat(onDisk().bytes(RescueStatus.FINISHED)).isEqualTo(SIZE);
  }

  @Test
  void whileTheBeginningIsWrittenItDoesNotTellTheFingerprintAndThenANewOne() throws IOException {
    String before = saved.identity().fingerprint();
    saved.disown(0, 512);
    assertThat(Mapfile.read(path, SIZE).notes()).doesNotContainKey("fingerprint");
    source.write(0, ByteBuffer.wrap(random(512, 2)));
    saved.written(0, 512);
    saved.flush(true);
    assertThat(saved.identity().fingerprint()).isNotEqualTo(before);
    assertThat(Mapfile.read(path, SIZE).notes())
        .containsEntry("fingerprint", saved.identity().fingerprint());
  }

  @Test
  void whatCannotBeDisownedIsToldAndStaysClaimed() throws IOException {
    held.mark(0, SIZE, RescueStatus.FINISHED);
    saved.save();
    Path aside = Files.move(path.getParent(), folder.resolve("aside"));
    assertThatThrownBy(() -> saved.disown(REGION, REGION + 1)).isInstanceOf(BlkshException.class);
    assertThat(held.isUnsaved()).isTrue();
    assertThatThrownBy(() -> saved.flush(false))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("write the map " + path);
    Files.move(aside, path.getParent());
    saved.save();
    assertThat(onDisk().bytes(RescueStatus.FINISHED)).isEqualTo(SIZE);
  }
}
