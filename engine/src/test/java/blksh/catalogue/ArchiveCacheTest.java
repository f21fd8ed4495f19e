package blksh.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.io.Sha256;
import blksh.kit.Content;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveCacheTest {

  private static final int MOST = 1_000_000;

  @TempDir Path dir;

  private static String name(int number) {
    return ArchiveCache.name(Sha256.begin().digest(new byte[] {(byte) number}), number);
  }

  private static byte[] piece(int number) {
    return Content.random(100_000, number);
  }

  private long occupied() throws IOException {
    try (Stream<Path> files = Files.walk(dir)) {
      return files.filter(Files::isRegularFile).mapToLong(each -> each.toFile().length()).sum();
    }
  }

  @Test
  void whatWasNotAskedForLongestGoes() throws IOException {
    ArchiveCache cache = new ArchiveCache(dir, MOST);
    for (int i = 0; i < 40; i++) {
      cache.put(name(i), piece(i));
      assertThat(cache.get(name(0), 100_000)).as("asked for each time").isEqualTo(piece(0));
      assertThat(occupied()).isLessThanOrEqualTo(MOST);
    }
    assertThat(cache.get(name(1), 100_000)).isNull();
    assertThat(cache.get(name(39), 100_000)).isEqualTo(piece(39));
  }

  @Test
  void itIsThereAgainAndNoLargerThanItMayBe() throws IOException {
    ArchiveCache cache = new ArchiveCache(dir, MOST);
    for (int i = 0; i < 9; i++) {
      cache.put(name(i), piece(i));
    }
    assertThat(new ArchiveCache(dir, MOST).get(name(4), 100_000)).isEqualTo(piece(4));

    new ArchiveCache(dir, 250_000);

    assertThat(occupied()).isLessThanOrEqualTo(250_000).isPositive();
  }

  @Test
  void aDamagedPieceIsAsGoodAsNone() throws IOException {
    ArchiveCache cache = new ArchiveCache(dir, MOST);
    cache.put(name(1), piece(1));
    cache.put(name(2), piece(2));
    Path file = dir.resolve(name(1));
    byte[] bytes = Files.readAllBytes(file);
    bytes[5000] ^= 4;
    Files.write(file, bytes);
    Files.write(dir.resolve(name(2)), new byte[7]);

    assertThat(cache.get(name(1), 100_000)).isNull();
    assertThat(cache.get(name(2), 100_000)).isNull();
    cache.put(name(3), piece(3));
    assertThat(cache.get(name(3), 99_999)).as("of another length").isNull();
    assertThat(file).doesNotExist();
    cache.put(name(1), piece(1));
    assertThat(cache.get(name(1), 100_000)).isEqualTo(piece(1));
  }
}
