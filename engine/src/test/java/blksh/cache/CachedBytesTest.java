package blksh.cache;

import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CachedBytesTest {

  private static final byte[] BYTES = random(MIB, 1);

  @TempDir Path folder;

  private CachedBytes open() {
    BlockSource source = new ByteArraySource(BYTES);
    FilePair files = new FilePair(folder.resolve("data"), folder.resolve("map"));
    return CachedBytes.open(source, SourceIdentity.of(source), files, false);
  }

  private static ByteBuffer bytes(int start, int end) {
    return ByteBuffer.wrap(BYTES, start, end - start);
  }

  @Test
  void whatIsKeptIsClaimedAndRead() throws IOException {
    try (CachedBytes held = open()) {
      assertThat(held.isUnsaved()).isFalse();
      held.keep(4096, 8192, bytes(4096, 8192));
      assertThat(held.isUnsaved()).isTrue();
      assertThat(held.map().at(4096)).isEqualTo(new RescueRange(4096, 8192, RescueStatus.FINISHED));
      ByteBuffer found = ByteBuffer.allocate(4096);
      held.read(4096, found);
      assertThat(found.array()).isEqualTo(Arrays.copyOfRange(BYTES, 4096, 8192));
    }
    assertThat(folder.resolve("data")).hasSize(MIB);
  }

  @Test
  void whatWasNotSavedIsStillToBeSaved() throws IOException {
    try (CachedBytes held = open()) {
      held.mark(0, 4096, RescueStatus.BAD_SECTOR);
      RescueMap copy = held.copyToSave();
      assertThat(held.isUnsaved()).isFalse();
      held.saveFailed();
      assertThat(held.isUnsaved()).isTrue();
      held.mark(0, 4096, RescueStatus.NON_TRIED);
      assertThat(copy.bytes(RescueStatus.BAD_SECTOR)).isEqualTo(4096);
    }
  }

  @Test
  void whatAnotherSourceLeftIsRefusedAndStays() throws IOException {
    Path map = Files.writeString(folder.resolve("map"), "0 ? 1\n0 0x1000 +\n");
    Path data = Files.write(folder.resolve("data"), random(4096, 2));
    assertThatThrownBy(this::open)
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("it holds other bytes than the medium");
    assertThat(data).hasBinaryContent(random(4096, 2));
    assertThat(map).exists();
  }

  @Test
  void whatCannotBeOpenedLeavesNoFile() throws IOException {
    Files.writeString(folder.resolve("map"), "no map\n");
    assertThatThrownBy(this::open).isInstanceOf(BlkshException.class);
    assertThat(folder.resolve("data")).doesNotExist();
  }
}
