package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.FileSource;
import blksh.block.WritableFile;
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
    return workspace.caches().open(FileSource.open(medium), file, CacheOptions.defaults());
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
      assertThat(workspace.caches().known())
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
      KnownCache known = workspace.caches().known().get(0);
      Cache cache = workspace.caches().open(known);
      assertThat(workspace.caches().opened(known)).contains(cache);
      assertThat(cache.map().bytes(RescueStatus.FINISHED)).isEqualTo(bytes.length);
      ByteBuffer read = ByteBuffer.allocate(bytes.length);
      cache.read(0, read);
      assertThat(read.array()).isEqualTo(bytes);
    }
  }

  @Test
  void aCacheWhoseMediumGotAnotherBeginningIsKnownByItsNewFiles() throws IOException {
    Path medium = medium("one", 1);
    Path before;
    try (Workspace workspace = open()) {
      Cache cache =
          workspace
              .caches()
              .open(WritableFile.open(medium), folder.resolve("disc"), CacheOptions.defaults());
      before = cache.dataFile();
      cache.writable().write(0, ByteBuffer.wrap(new byte[] {1, 2, 3}));
    }
    try (Workspace workspace = open()) {
      assertThat(workspace.caches().known()).hasSize(1);
      KnownCache known = workspace.caches().known().get(0);
      assertThat(known.name()).isEqualTo("disc");
      assertThat(known.data()).exists().isNotEqualTo(before);
      assertThat(known.map()).exists();
      assertThat(cache(workspace, medium, folder.resolve("disc")).dataFile())
          .isEqualTo(known.data());
    }
  }

  @Test
  void anOpenCacheGoesOnWithTheMediumThatWasPutBack() throws IOException {
    Path medium = medium("one", 1);
    byte[] bytes = Files.readAllBytes(medium);
    try (Workspace workspace = open()) {
      cache(workspace, medium, folder.resolve("disc")).fill(Task.unwatched());
    }
    try (Workspace workspace = open()) {
      KnownCache known = workspace.caches().known().get(0);
      String notes = Files.readString(known.map()).replaceAll("(?m)^[^#].*\\n", "");
      Files.writeString(known.map(), notes + "0 ? 1\n0 1024 +\n");
      Cache cache = workspace.caches().open(known);
      ByteBuffer read = ByteBuffer.allocate(bytes.length);
      assertThatThrownBy(() -> cache.read(0, read)).hasMessageContaining("is not there");
      assertThat(
              workspace
                  .caches()
                  .open(
                      FileSource.open(medium), known.data(), known.map(), CacheOptions.defaults()))
          .isSameAs(cache);
      cache.read(0, read.clear());
      assertThat(read.array()).isEqualTo(bytes);
      assertThatThrownBy(
              () ->
                  workspace
                      .caches()
                      .open(
                          FileSource.open(medium("other", 2)),
                          known.data(),
                          known.map(),
                          CacheOptions.defaults()))
          .hasMessageContaining("begun with another medium");
    }
  }

  @Test
  void mediaThatBeginAlikeAreReadBesideEachOther() throws IOException {
    Path one = medium("one", 1);
    byte[] bytes = Files.readAllBytes(one);
    byte[] other = bytes.clone();
    java.util.Arrays.fill(other, bytes.length / 2, bytes.length, (byte) 7);
    Path two = Files.write(folder.resolve("two"), other);
    try (Workspace workspace = open()) {
      Cache first = cache(workspace, one, folder.resolve("disc"));
      first.fill(Task.unwatched());
      first.flush();
      Cache second = cache(workspace, two, folder.resolve("disc"));
      assertThat(second).isNotSameAs(first);
      ByteBuffer read = ByteBuffer.allocate(other.length);
      second.read(0, read);
      assertThat(read.array()).isEqualTo(other);
      assertThat(cache(workspace, two, folder.resolve("disc"))).isSameAs(second);
      assertThat(cache(workspace, one, folder.resolve("disc"))).isSameAs(first);
      assertThat(workspace.caches().known())
          .extracting(KnownCache::name)
          .containsExactlyInAnyOrder("disc", "disc-2");
    }
  }

  @Test
  void aForgottenCacheKeepsItsFiles() throws IOException {
    Path medium = medium("one", 1);
    try (Workspace workspace = open()) {
      Path data = cache(workspace, medium, folder.resolve("disc")).dataFile();
      KnownCache known = workspace.caches().known().get(0);
      workspace.caches().drop(known);
      assertThat(workspace.caches().known()).isEmpty();
      assertThat(data).exists();
      Files.delete(data);
      assertThatThrownBy(() -> Cache.openAbsent(known.data(), known.map(), known.source()))
          .hasMessageContaining("there is no such cache any more");
    }
  }
}
