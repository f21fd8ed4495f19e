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
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class WriteThroughTest {

  private static final int SIZE = 16 * MIB;
  private static final int AT = 5 * MIB;
  private static final byte[] FRESH = random(1000, 2);

  @TempDir Path folder;

  private final byte[] bytes = random(SIZE, 1);
  private Path map;
  private WritableFile source;
  private CachedBytes held;
  private SourceReader reader;
  private SavedMap saved;
  private WriteThrough through;

  @BeforeEach
  void open() throws IOException {
    map = Files.createDirectory(folder.resolve("directory")).resolve("map");
    source = WritableFile.open(Files.write(folder.resolve("source"), bytes));
    SourceIdentity identity = SourceIdentity.of(source);
    held = CachedBytes.open(source, identity, new FilePair(folder.resolve("data"), map), false);
    held.keep(0, SIZE, ByteBuffer.wrap(bytes));
    reader = new SourceReader(source, CacheOptions.defaults(), held);
    saved = new SavedMap(map, reader, held, identity);
    saved.save();
    through = new WriteThrough(reader, held, saved);
  }

  @AfterEach
  void close() {
    held.close();
    source.close();
  }

  private RescueStatus inMemory() {
    return held.map().at(AT).status();
  }

  private RescueStatus onDisk() {
    return RescueMap.read(map, SIZE).at(AT).status();
  }

  private byte[] inSource() throws IOException {
    return Arrays.copyOfRange(Files.readAllBytes(folder.resolve("source")), AT, AT + FRESH.length);
  }

  private void write(WriteThrough.Writing writing) {
    through.write(AT, AT + FRESH.length, ByteBuffer.wrap(FRESH), writing);
  }

  @Test
  void whatIsWrittenIsInTheSourceAndHeld() throws IOException {
    write(to -> to.write(AT, ByteBuffer.wrap(FRESH)));
    assertThat(inSource()).isEqualTo(FRESH);
    assertThat(inMemory()).isEqualTo(RescueStatus.FINISHED);
    ByteBuffer found = ByteBuffer.allocate(FRESH.length);
    held.read(AT, found);
    assertThat(found.array()).isEqualTo(FRESH);
  }

  @Test
  void whileTheSourceIsWrittenTheMapOnDiskClaimsNothingThere() {
    write(to -> assertThat(onDisk()).isEqualTo(RescueStatus.NON_TRIED));
    assertThat(onDisk()).isEqualTo(RescueStatus.NON_TRIED);
    saved.flush(true);
    assertThat(onDisk()).isEqualTo(RescueStatus.FINISHED);
  }

  @Test
  void zerosAreReadAgain() throws IOException {
    through.write(AT, AT + FRESH.length, null, to -> to.zero(AT, FRESH.length));
    assertThat(inSource()).containsOnly(0);
    assertThat(inMemory()).isEqualTo(RescueStatus.NON_TRIED);
  }

  @Test
  void whatASourceRefusesIsReadAgain() {
    BlkshException refusal = new BlkshException("write", "no");
    assertThatThrownBy(
            () ->
                write(
                    to -> {
                      throw refusal;
                    }))
        .isSameAs(refusal);
    assertThat(inMemory()).isEqualTo(RescueStatus.NON_TRIED);
    reader.occupy(AT, AT + 1, "write to"); // it is no flight any more
  }

  @Test
  void nothingIsWrittenWhileTheMapOnDiskCannotBeChanged() throws IOException {
    Path aside = Files.move(map.getParent(), folder.resolve("aside"));
    assertThatThrownBy(() -> write(to -> to.write(AT, ByteBuffer.wrap(FRESH))))
        .isInstanceOf(BlkshException.class);
    assertThat(inSource()).isEqualTo(Arrays.copyOfRange(bytes, AT, AT + FRESH.length));
    assertThat(inMemory()).isEqualTo(RescueStatus.FINISHED);
    Files.move(aside, map.getParent());
    write(to -> to.write(AT, ByteBuffer.wrap(FRESH)));
    assertThat(inSource()).isEqualTo(FRESH);
  }
}
