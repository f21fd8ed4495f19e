package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import blksh.io.UnreadableException;
import blksh.kit.Content;
import blksh.kit.Reading;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConcatSourceTest {

  @TempDir Path directory;

  private static ConcatSource cut(byte[] bytes, int... places) {
    List<BlockSource> parts = new ArrayList<>();
    int from = 0;
    for (int place : places) {
      parts.add(new ByteArraySource(Arrays.copyOfRange(bytes, from, place)));
      from = place;
    }
    parts.add(new ByteArraySource(Arrays.copyOfRange(bytes, from, bytes.length)));
    return new ConcatSource(parts);
  }

  @Test
  void readsAcrossTheCutsAsIfTheyWereNotThere() {
    byte[] bytes = Content.random(10_000, 1);
    try (BlockSource source = cut(bytes, 0, 1, 1, 700, 701, 9_999, 10_000)) {
      assertThat(source.size()).isEqualTo(10_000);
      Random random = new Random(2);
      for (int i = 0; i < 1000; i++) {
        int from = random.nextInt(10_001);
        int length = random.nextInt(12_000);
        assertThat(Reading.read(source, from, length))
            .isEqualTo(Arrays.copyOfRange(bytes, from, Math.min(10_000, from + length)));
      }
      assertThat(Reading.read(source, Long.MAX_VALUE, 5)).isEmpty();
      assertThatThrownBy(() -> Reading.read(source, -1, 5))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void anUnreadableRangeIsNamedInBytesOfTheWhole() {
    byte[] bytes = Content.random(3000, 3);
    BlockSource bad = new FaultySource(new ByteArraySource(bytes)).unreadable(500, 10);
    try (BlockSource source = new ConcatSource(List.of(new ByteArraySource(bytes), bad))) {
      ByteBuffer buffer = ByteBuffer.allocate(2000);
      UnreadableException failure =
          catchThrowableOfType(UnreadableException.class, () -> source.read(2900, buffer));
      assertThat(failure.start()).isEqualTo(3500);
      assertThat(failure.length()).isEqualTo(10);
      assertThat(buffer.position()).isEqualTo(600);
      assertThat(buffer.limit()).isEqualTo(2000);
    }
  }

  @Test
  void holesOfPartsAreHolesOfTheWhole() throws IOException {
    Path sparse = directory.resolve("sparse");
    try (var file = new java.io.RandomAccessFile(sparse.toFile(), "rw")) {
      file.setLength(1 << 20);
    }
    Path plain = Files.write(directory.resolve("plain"), Content.random(4096, 4));
    try (BlockSource source =
        new ConcatSource(
            List.of(FileSource.open(plain), FileSource.open(sparse), FileSource.open(plain)))) {
      assertThat(Reading.list(source.extents(96, Long.MAX_VALUE)))
          .containsExactly(
              new Extent(96, 4000, Extent.Kind.DATA),
              new Extent(4096, 1 << 20, Extent.Kind.ZERO),
              new Extent(4096 + (1 << 20), 4096, Extent.Kind.DATA));
    }
  }
}
