package blksh.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.FileTrees;
import blksh.kit.Tmpfs;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Destinations that are full, that reach the limit of links, that cannot link at all. */
class LinkedPlacesTest {

  @TempDir Path folder;

  private Path source() throws IOException {
    return Files.createDirectories(folder.resolve("src"));
  }

  private static TakenSnapshot take(Path place, String name, Path source) {
    try (LinkedSnapshots snapshots = LinkedSnapshots.in(place)) {
      return snapshots.take(SnapshotRequest.of(source).named(name), Task.unwatched());
    }
  }

  private static List<String> faults(Path place) {
    try (LinkedSnapshots snapshots = LinkedSnapshots.in(place)) {
      return snapshots.verify(List.of(), Task.unwatched()).faults();
    }
  }

  /** ext4 allows 65,000 names of a file. */
  @Test
  void theLimitOfLinksIsPassedWithoutAFileLost() throws IOException {
    Path source = source();
    FileTrees.script(source, "echo same > 0; touch -d 2020-01-01 0; sleep 0.1");
    Path image = Volumes.blank(folder.resolve("ext4"), 64 << 20);
    Tool.named("mkfs.ext4").run("-q", "-F", "-N", 2000, image);
    Volumes.mounted(
        image,
        "ext4",
        folder.resolve("mount"),
        mount -> {
          take(mount, "one", source);
          FileTrees.script(
              mount,
              """
              mkdir .other; python3 - "$(find .cacheback.d/blob -type f)" <<'P'
              import os, sys
              for i in range(64990): os.link(sys.argv[1], '.other/%d' % i)
              P
              """);
          FileTrees.script(source, "for i in $(seq 30); do cp -p 0 $i; done; sleep 0.1");
          assertThat(take(mount, "two", source).problems()).isEmpty();
          assertThat(take(mount, "three", source).problems()).isEmpty();
          for (String each : List.of("two", "three")) {
            assertThat(FileTrees.listingWithoutLinks(mount.resolve(each + source)))
                .isEqualTo(FileTrees.listingWithoutLinks(source));
          }
          assertThat(faults(mount)).isEmpty();
        });
  }

  @Test
  void aFullDestinationLosesOnlyWhatWasToBeWritten() throws IOException {
    Path source = source();
    FileTrees.script(source, "head -c 1000000 /dev/urandom > a; sleep 0.1");
    try (Tmpfs small = Tmpfs.of(folder.resolve("small"), "6m")) {
      Path place = small.path();
      take(place, "one", source);
      long free = Files.getFileStore(place).getUsableSpace();
      FileTrees.script(
          source, "for i in $(seq 20); do head -c 700000 /dev/urandom > b$i; done; sleep 0.1");
      assertThatThrownBy(() -> take(place, "two", source))
          .isInstanceOf(BlkshException.class)
          .hasMessageMatching("(?s).*(space|full).*");
      assertThat(place.resolve("two")).doesNotExist();
      assertThat(Files.getFileStore(place).getUsableSpace()).isGreaterThan(free - 600_000);
      assertThat(faults(place)).isEmpty();
      small.resize("40m");
      assertThat(take(place, "two", source).problems()).isEmpty();
      assertThat(FileTrees.listingWithoutLinks(place.resolve("two" + source)))
          .isEqualTo(FileTrees.listingWithoutLinks(source));
      assertThat(faults(place)).isEmpty();
    }
  }

  @Test
  void whereNothingCanBeLinkedOrWrittenIsRefusedAtOnce() throws IOException {
    Path source = source();
    Files.writeString(source.resolve("f"), "x");
    Path place = Files.createDirectories(folder.resolve("split"));
    try (Tmpfs other = Tmpfs.of(place.resolve(".cacheback.d"), "2m")) {
      assertThat(other.path()).isDirectory();
      assertThatThrownBy(() -> take(place, "one", source))
          .hasMessageContaining("a part of it is on another file system");
    }
    try (Tmpfs fixed = Tmpfs.of(folder.resolve("fixed"), "2m")) {
      fixed.makeReadOnly();
      assertThatThrownBy(() -> take(fixed.path(), "one", source))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("Read-only");
    }
  }

  @Test
  void aFileSystemThatMakesNoLinksIsRefusedByName() throws IOException {
    Path source = source();
    Path image = Volumes.blank(folder.resolve("exfat"), 8 << 20);
    Tool.named("mkfs.exfat").run(image);
    Volumes.mounted(
        image,
        "exfat",
        folder.resolve("mount"),
        mount ->
            assertThatThrownBy(() -> take(mount, "one", source))
                .isInstanceOf(BlkshException.class)
                .hasMessageContaining("makes no hard links"));
  }
}
