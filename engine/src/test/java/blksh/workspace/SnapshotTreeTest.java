package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Component;
import blksh.kit.Tool;
import blksh.mount.fuse.FuseMount;
import blksh.mount.fuse.MountOptions;
import blksh.snapshot.SnapshotRequest;
import blksh.snapshot.SnapshotSet;
import blksh.snapshot.StoredSnapshots;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots as other programs see them through a mount. */
class SnapshotTreeTest {

  @TempDir Path folder;

  @Test
  void aMountedSnapshotIsTheTreeThatWasTaken() throws IOException {
    Component.needFuse();
    Path source = Files.createDirectory(folder.resolve("src"));
    Files.createDirectories(source.resolve("d/e"));
    Files.write(source.resolve("d/large"), blksh.kit.Content.compressible(3_000_000, 1));
    Files.writeString(source.resolve("d/small"), "text");
    Files.setPosixFilePermissions(
        source.resolve("d/small"), PosixFilePermissions.fromString("rwxr-x--x"));
    Files.createSymbolicLink(source.resolve("d/link"), Path.of("../d/small"));
    Files.createLink(source.resolve("hard"), source.resolve("d/large"));
    for (int i = 0; i < 2000; i++) {
      Files.writeString(source.resolve("d/e/f" + i), "" + i);
    }
    Tool.named("python3").run("-c", "import sys; open(sys.argv[1].encode()+b'/\\xff','w')", source);
    Path path = folder.resolve("store");
    Store store = Store.create(path, StoreOptions.defaults());
    StoredSnapshots snapshots = new StoredSnapshots(store, true);
    snapshots.take(SnapshotRequest.of(source).named("s"), Task.unwatched());
    String inside = new String(SnapshotSet.pathIn(source.toRealPath()));
    SnapshotTree tree = new SnapshotTree(snapshots.open("s"));
    try (FuseMount mount = FuseMount.mount(folder.resolve("mnt"), tree, MountOptions.defaults())) {
      Path root = mount.path().resolve(inside);
      Files.delete(Path.of(source.toString(), "d").resolve("e/f7"));
      String differences =
          Tool.named("diff").runAllowing(1, "-r", "--no-dereference", source, root);
      assertThat(differences.lines()).hasSize(3); // the one deleted, and the name that is no text
      assertThat(differences).contains("f7").contains("\\xff");
      assertThat(Tool.named("stat").answer("-c", "%a %u %Y", root.resolve("d/small")))
          .isEqualTo(Tool.named("stat").answer("-c", "%a %u %Y", source.resolve("d/small")));
    }
    MountSource whole = MountSource.of(store);
    try (FuseMount mount =
        FuseMount.mount(folder.resolve("mnt"), whole.tree(), MountOptions.defaults())) {
      assertThat(mount.path().resolve("s/latest").resolve(inside).resolve("d/small"))
          .hasContent("text");
    }
    whole.close();
    assertThat(MountSource.of(store).exports().names()).isEmpty();
    snapshots.close();
  }
}
