package blksh.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.FileTrees;
import blksh.kit.Tmpfs;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A destination of the linked form that has no room left. */
class FullDestinationTest {

  @TempDir Path folder;

  @Test
  void aFullDestinationKeepsWhatItHadAndNothingOfTheNew() throws IOException {
    Path small = Files.createDirectory(folder.resolve("small"));
    FileTrees.script(small, "echo kept > f; touch -d 2020-01-01 f");
    Path large = Files.createDirectory(folder.resolve("large"));
    FileTrees.script(large, "for i in $(seq 30); do head -c 1000000 /dev/urandom > f$i; done");
    try (Tmpfs disk = Tmpfs.of(folder.resolve("disk"), "8m");
        LinkedSnapshots snapshots = LinkedSnapshots.in(disk.path().resolve("dst"))) {
      snapshots.take(SnapshotRequest.of(small).named("one"), Task.unwatched());
      long room = disk.path().toFile().getUsableSpace();

      SnapshotRequest more = SnapshotRequest.of(large).named("two");
      assertThatThrownBy(() -> snapshots.take(more, Task.unwatched()))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining(disk.path().resolve("dst").toString())
          .hasMessageContaining("No space left")
          .hasMessageEndingWith("nothing of it is kept; make room there and take it again");

      assertThat(snapshots.list()).extracting(Snapshot::name).containsExactly("one");
      assertThat(disk.path().resolve("dst/two")).doesNotExist();
      assertThat(disk.path().toFile().getUsableSpace()).isGreaterThan(room - (256 << 10));
      assertThat(snapshots.verify(List.of(), Task.unwatched()).faults()).isEmpty();

      disk.resize("64m");
      snapshots.take(more, Task.unwatched());
      assertThat(disk.path().resolve("dst/two" + large + "/f30"))
          .hasSameBinaryContentAs(large.resolve("f30"));
    }
  }
}
