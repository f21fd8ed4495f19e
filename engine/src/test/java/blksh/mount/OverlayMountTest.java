package blksh.mount;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.ChildJvm;
import blksh.block.BlockSources;
import blksh.block.Overlay;
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
    Files.write(content.resolve("greeting"), Client.random(700_000, 1));
    image = folder.resolve("ext4.img");
    Client.must(
        Client.find("mkfs.ext4"), "-q", "-F", "-d", content.toString(), image.toString(), "24M");
    before = Files.readAllBytes(image);
  }

  private Overlay overlay() {
    return Overlay.open(BlockSources.open(image), folder.resolve("changes.cow"));
  }

  private FuseMount mount(Overlay overlay) {
    FixedDirectory root =
        new FixedDirectory(
            Map.of("disk.img", new SourceFile(overlay, Instant.now())), Instant.now());
    return Client.mount(
        () ->
            FuseMount.mount(folder.resolve("shown"), root, MountOptions.defaults().withWriting()));
  }

  private void assertImageUntouched() throws IOException {
    assertThat(Files.readAllBytes(image)).isEqualTo(before);
  }

  @Test
  void aFileSystemIsMountedWrittenCheckedAndFoundAgain() throws IOException {
    Client.needRoot();
    byte[] written = Client.random(3_000_000, 2);
    try (Overlay overlay = overlay();
        FuseMount mount = mount(overlay)) {
      Path disk = mount.path().resolve("disk.img");
      withFileSystem(
          disk,
          files -> {
            assertThat(files.resolve("greeting")).hasBinaryContent(Client.random(700_000, 1));
            Files.write(files.resolve("new"), written);
            Files.delete(files.resolve("greeting"));
            Client.run("fstrim", files.toString());
          });
      Client.must(Client.find("e2fsck"), "-fn", disk.toString());
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
    String device = Client.must("losetup", "--find", "--show", disk.toString());
    try {
      Client.must("mount", "-t", "ext4", device, files.toString());
      try {
        use.of(files);
      } finally {
        Client.must("umount", files.toString());
      }
    } finally {
      Client.must("losetup", "--detach", device);
    }
  }

  @Test
  void aDamagedFileSystemIsRepairedWithoutTouchingItsImage() throws IOException {
    try (Overlay overlay = overlay();
        FuseMount mount = mount(overlay)) {
      String disk = mount.path().resolve("disk.img").toString();
      Client.must(Client.find("debugfs"), "-w", "-R", "clri /greeting", disk);
      assertThat(Client.run(Client.find("e2fsck"), "-fn", disk).status()).isNotZero();
      assertThat(Client.run(Client.find("e2fsck"), "-fy", disk).status()).isEqualTo(1);
      assertThat(Client.run(Client.find("e2fsck"), "-fn", disk).status()).isZero();
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
      assertThat(Client.run("truncate", "-s", "1", disk.toString()).output())
          .contains("Operation not permitted");
      assertThat(
              Client.run("dd", "if=/dev/zero", "of=" + disk, "seek=24M", "bs=1", "conv=notrunc")
                  .output())
          .contains("No space left on device");
      assertThat(Client.run("touch", mount.path().resolve("new").toString()).status()).isNotZero();
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
    Client.mount(() -> null);
    Path point = folder.resolve("shown");
    Process server =
        ChildJvm.start(
            List.of(),
            Serving.class,
            image.toString(),
            folder.resolve("changes.cow").toString(),
            point.toString());
    assertThat(Client.firstLine(server)).isEqualTo("mounted");
    Path bytes = Files.write(folder.resolve("bytes"), Client.random(5 * 65536, 3));
    Client.must(
        "dd",
        "if=" + bytes,
        "of=" + point.resolve("disk.img"),
        "bs=64k",
        "seek=20",
        "conv=notrunc,fsync",
        "status=none");
    Process endless =
        new ProcessBuilder(
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
