package blksh.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.ChildJvm;
import blksh.kit.Effort;
import blksh.kit.FileTrees;
import blksh.retention.Policy;
import blksh.task.Task;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a process that takes, deletes, forgets and collects at random instants. 8 times, or as
 * often as the system property {@code blksh.kills} says.
 */
class LinkedKillTest {

  private static final int KILLS = Effort.of("blksh.kills", 5, 100);

  @TempDir Path folder;

  /** Works until it is killed: destination, source. */
  public static void main(String[] arguments) {
    try (LinkedSnapshots snapshots = LinkedSnapshots.in(Path.of(arguments[0]))) {
      SnapshotRequest request = SnapshotRequest.of(Path.of(arguments[1]));
      while (true) {
        snapshots.take(request, Task.unwatched());
        System.out.println("taken");
        snapshots.take(request, Task.unwatched());
        snapshots.forget(new Policy(3), false, Task.unwatched());
        snapshots.delete(List.of(snapshots.list().get(0).name()), false, Task.unwatched());
        snapshots.collect(false, Task.unwatched());
      }
    }
  }

  @Test
  void aKillAtAnyInstantLeavesWholeSnapshotsAndNothingLost() throws Exception {
    Path source = Files.createDirectory(folder.resolve("src"));
    Path place = folder.resolve("dst");
    FileTrees.script(
        source,
        """
        for i in $(seq 40); do mkdir d$i; for j in $(seq 15); do
          head -c $((i * j % 7 * 3000)) /dev/urandom > d$i/f$j; done; done
        """);
    Random random = new Random(15);
    Map<String, String> whole = new HashMap<>();
    for (int kill = 0; kill < KILLS; kill++) {
      Files.writeString(source.resolve("d7/changes"), "kill " + kill);
      Process child =
          ChildJvm.start(
              folder.resolve("output"),
              List.of(),
              LinkedKillTest.class,
              place.toString(),
              source.toString());
      // The start of the child takes most of a second.
      child.waitFor(600 + random.nextInt(2000), TimeUnit.MILLISECONDS);
      assertThat(child.isAlive()).as("alive").isTrue();
      child.destroyForcibly().waitFor();
      try (LinkedSnapshots snapshots = LinkedSnapshots.in(place)) {
        if (Files.isDirectory(place.resolve(".cacheback.d"))) {
          SnapshotVerification verified = snapshots.verify(List.of(), Task.unwatched());
          assertThat(verified.faults()).as("after kill " + kill).isEmpty();
          for (Snapshot each : snapshots.list()) {
            assertThat(each.recorded()).isTrue();
            Path tree = place.resolve(each.name() + source);
            assertThat(tree.resolve("d40/f15")).exists();
            String text = Files.readString(tree.resolve("d7/changes"));
            assertThat(whole.computeIfAbsent(each.name() + each.taken(), none -> text))
                .isEqualTo(text);
          }
        }
      }
    }
    try (LinkedSnapshots snapshots = LinkedSnapshots.in(place)) {
      TakenSnapshot last = snapshots.take(SnapshotRequest.of(source), Task.unwatched());
      assertThat(FileTrees.listingWithoutLinks(place.resolve(last.snapshot().name() + source)))
          .isEqualTo(FileTrees.listingWithoutLinks(source));
      assertThat(Files.list(place.resolve(".cacheback.d/blksh/taking"))).isEmpty();
      assertThat(Files.list(place.resolve(".cacheback.d/blksh/removed"))).isEmpty();
    }
  }
}
