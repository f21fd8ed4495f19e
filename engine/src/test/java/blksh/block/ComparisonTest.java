package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.io.UnreadableException;
import blksh.kit.Tool;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ComparisonTest {

  private static final int MIB = 1 << 20;

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private static Comparison compare(byte[] one, byte[] other) {
    return Comparison.of(new ByteArraySource(one), new ByteArraySource(other), Task.unwatched());
  }

  @Test
  void theSameBytesAreTheSame() {
    byte[] bytes = random(9 * MIB + 17);
    assertThat(compare(bytes, bytes.clone()).same()).isTrue();
    assertThat(compare(new byte[0], new byte[0]).same()).isTrue();
  }

  @Test
  void everyBlockThatDiffersIsTold() {
    byte[] one = random(9 * MIB + 17);
    byte[] other = one.clone();
    other[5] ^= 1;
    other[4 * MIB - 1] ^= 1;
    other[4 * MIB] ^= 1;
    other[9 * MIB + 16] ^= 1;
    Comparison found = compare(one, other);
    assertThat(found.complete()).isTrue();
    assertThat(found.ranges())
        .containsExactly(
            new Extent(0, 4096, Extent.Kind.DATA),
            new Extent(4 * MIB - 4096, 8192, Extent.Kind.DATA),
            new Extent(9 * MIB, 17, Extent.Kind.DATA));
    assertThat(found.differing()).isEqualTo(4096 + 8192 + 17);
  }

  @Test
  void whatOnlyTheLongerHasDiffers() {
    byte[] one = random(MIB);
    Comparison found = compare(one, java.util.Arrays.copyOf(one, MIB - 1));
    assertThat(found.size()).isEqualTo(MIB - 1);
    assertThat(found.ranges()).containsExactly(new Extent(MIB - 1, 1, Extent.Kind.DATA));
  }

  @Test
  void moreRangesThanAreToldAreCounted() {
    byte[] one = new byte[2 * Comparison.MOST * 8192];
    byte[] other = new byte[one.length];
    for (int at = 0; at < one.length; at += 8192) {
      other[at] = 1;
    }
    Comparison found = compare(one, other);
    assertThat(found.ranges()).hasSize(Comparison.MOST);
    assertThat(found.complete()).isFalse();
    assertThat(found.differing()).isEqualTo(one.length / 2);
  }

  @Test
  void aHoleAndZerosThatAreWrittenAreTheSame(@TempDir Path folder) throws IOException {
    Path hole = folder.resolve("hole");
    try (RandomAccessFile file = new RandomAccessFile(hole.toFile(), "rw")) {
      file.setLength(6 * MIB);
    }
    Path zeros = Files.write(folder.resolve("zeros"), new byte[6 * MIB]);
    try (BlockSource one = FileSource.open(hole);
        BlockSource other = FileSource.open(zeros)) {
      assertThat(Comparison.of(one, other, Task.unwatched()).same()).isTrue();
      assertThat(Comparison.of(other, one, Task.unwatched()).same()).isTrue();
    }
  }

  @Test
  void whatCannotBeReadIsNeverTheSame() {
    byte[] bytes = random(6 * MIB);
    try (FaultySource faulty =
        new FaultySource(new ByteArraySource(bytes)).unreadable(5 * MIB, 512)) {
      assertThatThrownBy(() -> Comparison.of(new ByteArraySource(bytes), faulty, Task.unwatched()))
          .isInstanceOf(UnreadableException.class);
      assertThatThrownBy(() -> Comparison.of(faulty, new ByteArraySource(bytes), Task.unwatched()))
          .isInstanceOf(UnreadableException.class);
    }
  }

  @Test
  void aCancelledTaskEndsIt() {
    Task task = Task.unwatched();
    task.cancel();
    ByteArraySource source = new ByteArraySource(random(MIB));
    assertThatThrownBy(() -> Comparison.of(source, source, task))
        .isInstanceOf(CancelledException.class);
    assertThatThrownBy(() -> SourceDigest.sha256(source, task))
        .isInstanceOf(CancelledException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4 * MIB, 9 * MIB + 17})
  void theDigestIsThatOfSha256sum(int length, @TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("file"), random(length));
    try (BlockSource source = FileSource.open(file)) {
      Task task = Task.unwatched();
      assertThat(Tool.named("sha256sum").run(file)).startsWith(SourceDigest.sha256(source, task));
      assertThat(task.done()).isEqualTo(length);
    }
  }
}
