package blksh.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Await;
import blksh.kit.ChildJvm;
import blksh.kit.Content;
import blksh.kit.Effort;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.store.VerifyOptions;
import blksh.task.Task;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a process that takes and deletes snapshots at random instants, on one store: 6 times, or as
 * often as the system property {@code blksh.kills} says.
 */
class StoredSnapshotsKillTest {

  private static final int KILLS = Effort.of("blksh.kills", 4, 100);

  @TempDir Path folder;

  @Test
  void aProcessKilledAtAnyInstantLeavesNoHalfSnapshot() throws Exception {
    Path source = folder.resolve("src");
    for (int i = 0; i < 20; i++) {
      for (int j = 0; j < 30; j++) {
        SampleTree.write(source.resolve("d" + i + "/f" + j), "file " + i + " " + j);
      }
    }
    Files.write(source.resolve("large"), Content.compressible(4 << 20, 1));
    Path path = folder.resolve("store");
    Store.create(path, StoreOptions.defaults()).close();
    Random random = new Random(15);
    List<String> there = new ArrayList<>();
    for (int kill = 0; kill < KILLS; kill++) {
      Files.write(source.resolve("large" + kill % 2), Content.random(2 << 20, kill));
      Path output = folder.resolve("said" + kill);
      Process child =
          ChildJvm.start(output, List.of(), TakeProgram.class, path.toString(), source.toString());
      ChildJvm.awaitOutput(child, output);
      Await.pause(random.nextInt(700));
      child.destroyForcibly();
      assertThat(child.waitFor(20, TimeUnit.SECONDS)).isTrue();
      for (String line : Files.readAllLines(output)) {
        if (line.startsWith("-")) {
          there.remove(line.substring(1));
        } else {
          there.add(line);
        }
      }
      check(path, there);
    }
  }

  /** Every snapshot that was told is there, and every one that is there is whole. */
  private void check(Path path, List<String> told) {
    try (StoredSnapshots snapshots = new StoredSnapshots(Store.open(path), true)) {
      List<String> listed = snapshots.list().stream().map(Snapshot::name).toList();
      assertThat(listed).containsAll(told);
      assertThat(snapshots.list()).allMatch(each -> each.missing() == 0 && each.entries() > 600);
      SnapshotVerification verified = snapshots.verify(List.of(), Task.unwatched());
      assertThat(verified.faults()).isEmpty();
    }
    try (Store store = Store.open(path)) {
      assertThat(store.unreadable()).isEmpty();
      assertThat(store.verify(VerifyOptions.full(), Task.unwatched()).clean()).isTrue();
    }
  }
}
