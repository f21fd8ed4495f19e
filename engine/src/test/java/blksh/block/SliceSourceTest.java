package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import blksh.io.UnreadableException;
import blksh.kit.Content;
import blksh.kit.Reading;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SliceSourceTest {

  @TempDir Path directory;

  @Test
  void readsOnlyItsOwnRange() {
    byte[] bytes = Content.random(100, 1);
    BlockSource slice = new SliceSource(new ByteArraySource(bytes), 30, 40);
    assertThat(slice.size()).isEqualTo(40);
    assertThat(Reading.read(slice, 0, 100)).isEqualTo(Arrays.copyOfRange(bytes, 30, 70));
    assertThat(Reading.read(slice, 35, 3)).isEqualTo(Arrays.copyOfRange(bytes, 65, 68));
    assertThat(Reading.read(slice, 39, 9)).containsExactly(bytes[69]);
    assertThat(Reading.read(slice, 40, 9)).isEmpty();
    assertThat(Reading.read(slice, Long.MAX_VALUE, 9)).isEmpty();
  }

  @Test
  void extentsAreThoseUnderneathMovedToItsStart() throws IOException {
    Path file = directory.resolve("sparse");
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.setLength(1 << 20);
      out.seek(1 << 16);
      out.write(Content.random(1 << 16, 2));
    }
    try (BlockSource slice = new SliceSource(FileSource.open(file), 1 << 15, 1 << 18)) {
      assertThat(Reading.list(slice.extents()))
          .containsExactly(
              new Extent(0, 1 << 15, Extent.Kind.ZERO),
              new Extent(1 << 15, 1 << 16, Extent.Kind.DATA),
              new Extent(3 << 15, (1 << 18) - (3 << 15), Extent.Kind.ZERO));
      assertThat(Reading.list(slice.extents((1 << 15) + 512, 1024)))
          .containsExactly(new Extent((1 << 15) + 512, 1024, Extent.Kind.DATA));
      assertThat(slice.extents(1 << 18, 1)).isExhausted();
    }
  }

  @Test
  void unreadableRangesAreToldInItsOwnPositions() {
    byte[] bytes = Content.random(4096, 3);
    BlockSource slice =
        new SliceSource(
            new FaultySource(new ByteArraySource(bytes)).unreadable(1500, 5000), 1000, 2000);
    ByteBuffer buffer = ByteBuffer.allocate(4096);
    UnreadableException failure =
        catchThrowableOfType(UnreadableException.class, () -> slice.read(100, buffer));
    assertThat(failure.start()).isEqualTo(500);
    assertThat(failure.length()).isEqualTo(1500);
    assertThat(failure.position()).hasValue(500);
    assertThat(buffer.position()).isEqualTo(400);
    assertThat(buffer.limit()).isEqualTo(4096);
    assertThat(Arrays.copyOf(buffer.array(), 400)).isEqualTo(Arrays.copyOfRange(bytes, 1100, 1500));
  }

  @Test
  void aRangeOutsideTheSourceIsRefused() {
    BlockSource source = new ByteArraySource(new byte[10]);
    assertThatThrownBy(() -> new SliceSource(source, 5, 6))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("slice of 6 bytes at 5 in a source of 10 bytes");
    assertThatThrownBy(() -> new SliceSource(source, 1, Long.MAX_VALUE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new SliceSource(source, -1, 2))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(new SliceSource(source, 10, 0).size()).isZero();
  }
}
