package blksh.mount.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSources;
import blksh.block.Overlay;
import blksh.kit.Child;
import blksh.kit.ChildJvm;
import blksh.kit.Component;
import blksh.kit.Content;
import blksh.kit.Tool;
import blksh.mount.FixedDirectory;
import blksh.mount.SourceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** File systems that are written on an overlay, while their image stays as it is. */
class OverlayMountTest {

  @TempDir Path folder;
  private Path image;
  private byte[] before;

  @BeforeEach
  void makeFileSystem() throws IOException {
    folder = folder.toRealPath();
    Path content = Files.createDirectory(folder.resolve("content"));
    Files.write(content.resolve("greeting"), Content.random(700_000, 1));
    image = folder.resolve("ext4.img");
    Tool.named("mkfs.ext4").run("-q", "-F", "-d", content.toString(), image.toString(), "24M");
    before = Files.readAllBytes(image);
  }

  private Overlay overlay() {
    return Overlay.open(BlockSources.open(image), folder.resolve("changes.cow"));
  }

  private FuseMount mount(Overlay overlay) {
    FixedDirectory root =
        new FixedDirectory(
            Map.of("disk.img", new SourceFile(overlay, Instant.now())), Instant.now());
    return Fuse.mount(
        () ->
            FuseMount.mount(folder.resolve("shown"), root, MountOptions.defaults().withWriting()));
  }

  private void assertImageUntouched() throws IOException {
    assertThat(Files.readAllBytes(image)).isEqualTo(before);
  }

  @Test
  void aFileSystemIsMountedWrittenCheckedAndFoundAgain() throws IOException {
    Component.needRoot();
    byte[] written = Content.random(3_000_000, 2);
    try (Overlay overlay = overlay();
        FuseMount mount = mount(overlay)) {
      Path disk = mount.path().resolve("disk.img");
      withFileSystem(
          disk,
          files -> {
            assertThat(files.resolve("greeting")).hasBinaryContent(Content.random(700_000, 1));
            Files.write(files.resolve("new"), written);
            Files.delete(files.resolve("greeting"));
            Tool.named("fstrim").attempt(files.toString());
          });
      Tool.named("e2fsck").run("-fn", disk.toString());
      assertThat(overlay.changes()).isNotEmpty();
    }
    try (Overlay overlay = overlay();
        FuseMount mount = mount(overlay)) {
      Path disk = mount.path().resolve("disk.img");
      withFileSystem(
          disk,
          files -> {
            assertThat(files.resolve("new")).hasBinaryContent(written);
            assertThat(files.resolve("greeting")).doesNotExist();
          });
      overlay.sync();
    }
    assertImageUntouched();
  }

  private interface Use {
    void of(Path files) throws IOException;
  }

  private void withFileSystem(Path disk, Use use) throws IOException {
    Path files = Files.createDirectories(folder.resolve("files"));
    String device = Tool.named("losetup").run("--find", "--show", disk.toString());
    try {
      Tool.named("mount").run("-t", "ext4", device, files.toString());
      try {
        use.of(files);
      } finally {
        Tool.named("umount").run(files.toString());
      }
    } finally {
      Tool.named("losetup").run("--detach", device);
    }
  }

  @Test
  void aDamagedFileSystemIsRepairedWithoutTouchingItsImage() throws IOException {
    try (Overlay overlay = overlay();
        FuseMount mount = mount(overlay)) {
      String disk = mount.path().resolve("disk.img").toString();
      Tool.named("debugfs").run("-w", "-R", "clri /greeting", disk);
      assertThat(Tool.named("e2fsck").attempt("-fn", disk).status()).isNotZero();
      assertThat(Tool.named("e2fsck").attempt("-fy", disk).status()).isEqualTo(1);
      assertThat(Tool.named("e2fsck").attempt("-fn", disk).status()).isZero();
      overlay.discard();
    }
    try (Overlay overlay = overlay();
        FuseMount mount = mount(overlay)) {
      assertThat(mount.path().resolve("disk.img")).hasBinaryContent(before);
    }
    assertImageUntouched();
  }

  @Test
  void itsSizeStaysAndNewFilesAreRefused() throws IOException {
    try (Overlay overlay = overlay();
        FuseMount mount = mount(overlay)) {
      Path disk = mount.path().resolve("disk.img");
      assertThat(Tool.named("truncate").attempt("-s", "1", disk.toString()).output())
          .contains("Operation not permitted");
      assertThat(
              Tool.named("dd")
                  .attempt("if=/dev/zero", "of=" + disk, "seek=24M", "bs=1", "conv=notrunc")
                  .output())
          .contains("No space left on device");
      assertThat(Tool.named("touch").attempt(mount.path().resolve("new").toString()).status())
          .isNotZero();
      assertThat(Files.size(disk)).isEqualTo(before.length);
    }
  }

  /** Serves an overlay until it is killed. Arguments: image, overlay, where. */
  static final class Serving {
    public static void main(String[] arguments) throws InterruptedException {
      Overlay overlay =
          Overlay.open(BlockSources.open(Path.of(arguments[0])), Path.of(arguments[1]));
      FuseMount mount =
          FuseMount.mount(
              Path.of(arguments[2]),
              new FixedDirectory(
                  Map.of("disk.img", new SourceFile(overlay, Instant.now())), Instant.now()),
              MountOptions.defaults().withWriting());
      System.out.println("mounted");
      mount.awaitEnd();
    }
  }

  @Test
  void writesThatWereSyncedSurviveTheDeathOfTheServer() throws Exception {
    Fuse.need();
    Path point = folder.resolve("shown");
    Process server =
        ChildJvm.start(
            List.of(),
            Serving.class,
            image.toString(),
            folder.resolve("changes.cow").toString(),
            point.toString());
    assertThat(server.inputReader().readLine()).isEqualTo("mounted");
    Path bytes = Files.write(folder.resolve("bytes"), Content.random(5 * 65536, 3));
    Tool.named("dd")
        .run(
            "if=" + bytes,
            "of=" + point.resolve("disk.img"),
            "bs=64k",
            "seek=20",
            "conv=notrunc,fsync",
            "status=none");
    Process endless =
        Child.of(
                "dd",
                "if=/dev/zero",
                "of=" + point.resolve("disk.img"),
                "bs=4k",
                "conv=notrunc",
                "count=200")
            .redirectErrorStream(true)
            .start();
    server.destroyForcibly().waitFor();
    endless.waitFor();
    assertThat(SystemMounts.prune()).contains(point);
    try (Overlay overlay = overlay();
        FuseMount mount = mount(overlay)) {
      byte[] found = Files.readAllBytes(mount.path().resolve("disk.img"));
      assertThat(java.util.Arrays.copyOfRange(found, 20 * 65536, 25 * 65536))
          .isEqualTo(Files.readAllBytes(bytes));
    }
    assertImageUntouched();
  }
}
