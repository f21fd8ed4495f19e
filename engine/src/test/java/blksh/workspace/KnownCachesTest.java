package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.FileSource;
import blksh.cache.Cache;
import blksh.cache.CacheOptions;
import blksh.cache.RescueStatus;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KnownCachesTest {

  @TempDir Path folder;

  private Workspace open() {
    return Workspace.open(folder.resolve("home"));
  }

  private Path medium(String name, long seed) throws IOException {
    byte[] bytes = new byte[300_000];
    new Random(seed).nextBytes(bytes);
    return Files.write(folder.resolve(name), bytes);
  }

  private static Cache cache(Workspace workspace, Path medium, Path file) {
    return workspace.cache(FileSource.open(medium), file, CacheOptions.defaults());
  }

  @Test
  void aCacheIsRememberedByTheNameOfItsFile() throws IOException {
    Path one = medium("one", 1);
    Path two = medium("two", 2);
    try (Workspace workspace = open()) {
      Cache cache = cache(workspace, one, folder.resolve("disc"));
      assertThat(cache(workspace, one, folder.resolve("disc"))).isSameAs(cache);
      cache(workspace, two, folder.resolve("disc"));
    }
    try (Workspace workspace = open()) {
      assertThat(workspace.caches())
          .extracting(KnownCache::name, KnownCache::source, KnownCache::size)
          .containsExactlyInAnyOrder(
              org.assertj.core.groups.Tuple.tuple("disc", one.toString(), 300_000L),
              org.assertj.core.groups.Tuple.tuple("disc-2", two.toString(), 300_000L));
    }
  }

  @Test
  void aCacheIsClosedWithTheWorkspaceAndReadWithoutItsMedium() throws IOException {
    Path medium = medium("one", 1);
    try (Workspace workspace = open()) {
      cache(workspace, medium, folder.resolve("disc")).fill(Task.unwatched());
    }
    byte[] bytes = Files.readAllBytes(medium);
    Files.delete(medium);
    try (Workspace workspace = open()) {
      KnownCache known = workspace.caches().get(0);
      Cache cache = workspace.cache(known);
      assertThat(workspace.opened(known)).contains(cache);
      assertThat(cache.map().bytes(RescueStatus.FINISHED)).isEqualTo(bytes.length);
      ByteBuffer read = ByteBuffer.allocate(bytes.length);
      cache.read(0, read);
      assertThat(read.array()).isEqualTo(bytes);
    }
  }

  @Test
  void aForgottenCacheKeepsItsFiles() throws IOException {
    Path medium = medium("one", 1);
    try (Workspace workspace = open()) {
      Path data = cache(workspace, medium, folder.resolve("disc")).dataFile();
      KnownCache known = workspace.caches().get(0);
      workspace.forget(known);
      assertThat(workspace.caches()).isEmpty();
      assertThat(data).exists();
      Files.delete(data);
      assertThatThrownBy(() -> Cache.openAbsent(known.data(), known.map(), known.source()))
          .hasMessageContaining("there is no such cache any more");
    }
  }
}
