package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import blksh.io.UnreadableException;
import blksh.kit.Content;
import blksh.kit.Reading;
import blksh.task.CancelledException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FaultySourceTest {

  private final byte[] bytes = Content.random(10_000, 1);
  private final FaultySource source = new FaultySource(new ByteArraySource(bytes));

  @TempDir Path directory;

  @Test
  void withoutFaultsItIsTheSourceUnderneath() {
    assertThat(source.size()).isEqualTo(10_000);
    assertThat(Reading.read(source, 0, 20_000)).isEqualTo(bytes);
    assertThat(Reading.read(source, 10_000, 1)).isEmpty();
  }

  @Test
  void namesExactlyTheUnreadablePartOfTheRequestAndDeliversTheBytesBefore() {
    source.unreadable(5000, 100).unreadable(2000, 512);
    fails(0, 10_000, 2000, 512);
    fails(2100, 100, 2100, 100);
    fails(2511, 4000, 2511, 1);
    fails(1999, 2, 2000, 1);
    fails(2512, 10_000, 5000, 100);
    assertThat(Reading.read(source, 0, 2000)).isEqualTo(Arrays.copyOf(bytes, 2000));
    assertThat(Reading.read(source, 2512, 2488)).isEqualTo(Arrays.copyOfRange(bytes, 2512, 5000));
    assertThat(Reading.read(source, 5100, 9999)).isEqualTo(Arrays.copyOfRange(bytes, 5100, 10_000));
  }

  @Test
  void aTransientFaultGoesAwayAfterItsTimes() {
    source.unreadable(100, 50, 2);
    fails(0, 200, 100, 50);
    assertThat(Reading.read(source, 0, 100)).hasSize(100);
    fails(120, 10, 120, 10);
    assertThat(Reading.read(source, 0, 200)).isEqualTo(Arrays.copyOf(bytes, 200));
  }

  @Test
  void healingTakesAllFaultsAway() {
    source.unreadable(0, 10_000).slow(Duration.ofHours(1)).heal();
    assertThat(Reading.read(source, 0, 10_000)).isEqualTo(bytes);
  }

  @Test
  void onlyRequestsThatTouchASlowRangeWait() {
    source.slow(1000, 1000, Duration.ofMillis(120));
    long started = System.nanoTime();
    Reading.read(source, 1999, 1);
    assertThat(Duration.ofNanos(System.nanoTime() - started))
        .isGreaterThanOrEqualTo(Duration.ofMillis(120));
    source.heal();
    source.slow(1000, 1000, Duration.ofHours(1));
    assertThat(Reading.read(source, 0, 1000)).hasSize(1000);
    assertThat(Reading.read(source, 2000, 1000)).hasSize(1000);
  }

  @Test
  void aWaitCanBeInterrupted() {
    source.slow(Duration.ofHours(1));
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> Reading.read(source, 0, 1)).isInstanceOf(CancelledException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void aHoleWithAFaultOnItHasToBeRead() throws IOException {
    Path file = directory.resolve("hole");
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.setLength(1 << 20);
    }
    try (FaultySource holes = new FaultySource(FileSource.open(file))) {
      holes.unreadable(4096, 512).unreadable(4352, 512).unreadable((1 << 20) - 512, 4096);
      assertThat(Reading.list(holes.extents()))
          .containsExactly(
              new Extent(0, 4096, Extent.Kind.ZERO),
              new Extent(4096, 512, Extent.Kind.DATA),
              new Extent(4608, 256, Extent.Kind.DATA),
              new Extent(4864, (1 << 20) - 512 - 4864, Extent.Kind.ZERO),
              new Extent((1 << 20) - 512, 512, Extent.Kind.DATA));
    }
  }

  private void fails(long position, int length, long start, long count) {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    UnreadableException failure =
        catchThrowableOfType(UnreadableException.class, () -> source.read(position, buffer));
    assertThat(failure.start()).isEqualTo(start);
    assertThat(failure.length()).isEqualTo(count);
    assertThat(buffer.limit()).isEqualTo(length);
    assertThat(buffer.position()).isEqualTo((int) (start - position));
    assertThat(Arrays.copyOf(buffer.array(), buffer.position()))
        .isEqualTo(Arrays.copyOfRange(bytes, (int) position, (int) start));
  }
}
