package blksh.mount;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.kit.Tool;
import blksh.mount.fuse.Fuse;
import blksh.mount.fuse.FuseMount;
import blksh.mount.fuse.MountOptions;
import blksh.mount.nbd.NbdExport;
import blksh.mount.nbd.NbdExports;
import blksh.mount.nbd.NbdServer;
import blksh.mount.nbd.ServeOptions;
import blksh.store.CaptureOptions;
import blksh.store.Store;
import blksh.task.Task;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * File systems in captured versions, checked by their own programs through a mount, and read by
 * clients of NBD.
 */
class RealProgramsTest {

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "mkfs.ext4 -q, e2fsck -fn, 24",
    "mkfs.xfs -q, xfs_repair -n, 320",
    "mkfs.btrfs -q, btrfs check --readonly, 128",
    "mkfs.ntfs -q -F -f, ntfsfix -n, 24",
    "mkfs.fat, fsck.fat -n, 24",
  })
  void everyCheckerIsContentWithAMountedVersion(String make, String check, int mib)
      throws IOException {
    folder = folder.toRealPath();
    Path image = folder.resolve("fs.img");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength((long) mib << 20);
    }
    run(make, image);
    Store store = Store.openOrCreate(folder.resolve("store"));
    try (store;
        BlockSource source = BlockSources.open(image)) {
      store.capture(source, "fs", CaptureOptions.defaults(), Task.unwatched());
      try (BlockSource version = store.source(store.manifest("fs"));
          FuseMount mount = mount(version)) {
        Path shown = mount.path().resolve("fs.img");
        run(check, shown);
        Tool.named("cmp").run(image.toString(), shown.toString());
        Path copy = folder.resolve("copy");
        Tool.named("dd").run("if=" + shown, "of=" + copy, "bs=1M", "conv=sparse", "status=none");
        assertThat(Files.mismatch(image, copy)).isEqualTo(-1);
        servedByNbd(version, image);
      }
    }
  }

  private void servedByNbd(BlockSource version, Path image) throws IOException {
    Path socket = folder.resolve("nbd.sock");
    String uri = "nbd+unix:///fs?socket=" + socket;
    try (NbdServer server =
        NbdServer.listen(
            NbdExports.of(new NbdExport("fs", version)), ServeOptions.onSocket(socket))) {
      Path copy = folder.resolve("nbd.img");
      Tool.named("nbdcopy").run(uri, copy.toString());
      assertThat(Files.mismatch(image, copy)).isEqualTo(-1);
      Files.delete(copy);
      Tool.named("qemu-img").run("convert", "-f", "raw", "-O", "raw", uri, copy.toString());
      assertThat(Files.mismatch(image, copy)).isEqualTo(-1);
      Files.delete(copy);
      Tool.named("qemu-img").run("compare", "-f", "raw", "-F", "raw", uri, image.toString());
      Tool.named("qemu-io").run("-r", "-f", "raw", "-c", "read 0 1M", "-c", "read 7M 64k", uri);
      assertThat(Tool.named("nbdinfo").run("--map", uri)).contains("hole,zero", "data");
      assertThat(server.traffic().failures()).isZero();
    }
  }

  private FuseMount mount(BlockSource source) {
    FixedDirectory root =
        new FixedDirectory(
            Map.of("fs.img", new SourceFile(source, Instant.now(), true)), Instant.now());
    return Fuse.mount(
        () -> FuseMount.mount(folder.resolve("shown"), root, MountOptions.defaults()));
  }

  private static void run(String command, Path file) throws IOException {
    List<Object> words = new ArrayList<>(List.of(command.split(" ")));
    Tool program = Tool.named(words.remove(0).toString());
    words.add(file);
    program.run(words.toArray());
  }
}
