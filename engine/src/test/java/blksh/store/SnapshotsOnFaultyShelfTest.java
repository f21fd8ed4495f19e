package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.BlkshException;
import blksh.kit.Content;
import blksh.kit.InMemory;
import blksh.kit.Trees;
import blksh.snapshot.SnapshotRequest;
import blksh.snapshot.StoredSnapshots;
import blksh.store.shelf.DirectoryShelf;
import blksh.store.shelf.FaultyShelf;
import blksh.store.shelf.FaultyShelf.Fault;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every call that taking a snapshot makes to the shelf may go wrong: what was there is whole
 * afterwards, no half snapshot is, and the next one is taken.
 */
class SnapshotsOnFaultyShelfTest {

  @TempDir(factory = InMemory.class)
  Path folder;

  @ParameterizedTest
  @EnumSource(Fault.class)
  void everyCallMayGoWrong(Fault fault) throws IOException {
    Path source = folder.resolve("src");
    for (int i = 0; i < 40; i++) {
      Path file = source.resolve("d" + i % 5 + "/f" + i);
      Files.createDirectories(file.getParent());
      Files.write(file, Content.compressible(1000 * i, i));
    }
    Path template = folder.resolve("template");
    try (Store store = Store.create(template, StoreOptions.defaults())) {
      take(store, source);
    }
    Files.write(source.resolve("d1/f1"), Content.random(300_000, 99));
    Files.write(source.resolve("d2/new"), Content.random(5000, 98));
    // Others go through all calls of a capture; of these each way takes a part.
    int step = Fault.values().length;
    int call = fault.ordinal();
    while (survives(template, source, fault, call)) {
      call += step;
    }
    assertThat(call).isGreaterThan(10);
  }

  private static String take(Store store, Path source) {
    try (StoredSnapshots snapshots = new StoredSnapshots(store, false)) {
      return snapshots
          .take(SnapshotRequest.of(source).named("s"), Task.unwatched())
          .snapshot()
          .name();
    }
  }

  private boolean survives(Path template, Path source, Fault fault, int call) throws IOException {
    Path path = Trees.copy(template, folder.resolve(fault + "-" + call));
    FaultyShelf shelf = new FaultyShelf(new DirectoryShelf(path), fault, call);
    String about = fault + " at call " + call;
    String taken = null;
    BlkshException failure = null;
    try (Store store = Store.open(shelf, path)) {
      taken = take(store, source);
    } catch (BlkshException e) {
      failure = e;
    }
    if (fault == Fault.DELAY || shelf.struck() == null) {
      assertThat(failure).as(about).isNull();
    }
    try (Store store = Store.open(path);
        StoredSnapshots snapshots = new StoredSnapshots(store, false)) {
      assertClean(store, snapshots, about);
      if (taken != null) {
        assertThat(snapshots.list()).as(about).anyMatch(each -> each.name().startsWith("s@2"));
      }
      take(store, source);
      assertClean(store, snapshots, about + ", run again");
    }
    Trees.remove(path);
    return shelf.struck() != null;
  }

  private static void assertClean(Store store, StoredSnapshots snapshots, String about) {
    assertThat(store.unreadable()).as(about).isEmpty();
    assertThat(store.verify(VerifyOptions.full(), Task.unwatched()).damage()).as(about).isEmpty();
    assertThat(snapshots.verify(List.of(), Task.unwatched()).faults()).as(about).isEmpty();
    assertThat(snapshots.list()).as(about).allMatch(each -> each.entries() > 45);
  }
}
