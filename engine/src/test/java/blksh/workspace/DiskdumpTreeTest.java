package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.kit.Content;
import blksh.kit.DumpFiles;
import blksh.kit.InMemory;
import blksh.kit.Reading;
import blksh.mount.MountDirectory;
import blksh.mount.MountFile;
import blksh.mount.MountLink;
import blksh.mount.MountNode;
import blksh.store.diskdump.Diskdump;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store of diskdump as a tree: every dump has a place of its own. */
class DiskdumpTreeTest {

  @TempDir(factory = InMemory.class)
  Path base;

  private void write(int seed, String name, int number) throws IOException {
    DumpFiles.write(base, image(seed), name, number);
  }

  private static byte[] image(int seed) {
    return Content.random(3000 + seed, seed);
  }

  private static MountNode find(MountDirectory tree, String path) {
    MountNode found = tree;
    for (String name : path.split("/")) {
      found = ((MountDirectory) found).find(name).orElseThrow();
    }
    return found;
  }

  private static byte[] read(MountDirectory tree, String path) {
    MountFile file = (MountFile) find(tree, path);
    try (BlockSource source = file.open()) {
      assertThat(source.size()).isEqualTo(file.size());
      return Reading.read(source, 0, (int) source.size());
    }
  }

  @Test
  void noDumpHidesAnother() throws IOException {
    write(1, "a/b", 0);
    write(2, "a.b", 0);
    write(3, "a", 0);
    write(4, "a", 1);
    write(5, "a/0", 0);
    write(6, "a/latest/x", 0);
    MountDirectory tree = new DiskdumpTree(Diskdump.open(base));
    assertThat(tree.names()).toIterable().containsExactlyInAnyOrder("a", "a.b");
    assertThat(((MountDirectory) find(tree, "a")).names())
        .toIterable()
        .containsExactlyInAnyOrder("0", "1", "latest", "b", "0_", "latest_");
    assertThat(read(tree, "a/b/0")).isEqualTo(image(1));
    assertThat(read(tree, "a.b/0")).isEqualTo(image(2));
    assertThat(read(tree, "a/0")).isEqualTo(image(3));
    assertThat(read(tree, "a/1")).isEqualTo(image(4));
    assertThat(read(tree, "a/0_/0")).isEqualTo(image(5));
    assertThat(read(tree, "a/latest_/x/0")).isEqualTo(image(6));
    assertThat(((MountLink) find(tree, "a/latest")).target()).isEqualTo("1");
  }
}
