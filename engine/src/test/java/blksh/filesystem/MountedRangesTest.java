package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.Extent;
import blksh.block.SourceInfo;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What changes under the hands of a capture. */
class MountedRangesTest {

  private static final int SIZE = 8 << 20;

  @TempDir Path folder;
  private Path image;
  private Path point;

  @BeforeEach
  void make() throws IOException {
    image = Volumes.blank(folder.resolve("image"), SIZE);
    Tool.named("mkfs.ext4").run("-q", "-F", image);
    point = Files.createDirectory(folder.resolve("point"));
  }

  private static List<Extent> mounted(Path path) {
    try (BlockSource source = BlockSources.open(path)) {
      return MountedRanges.on(source);
    }
  }

  private void assertAllCountsAsUsed(Path path) {
    assertThat(mounted(path)).containsExactly(new Extent(0, SIZE, Extent.Kind.DATA));
    try (BlockSource source = BlockSources.open(path)) {
      assertThat(UsedBlocks.of(source).areas())
          .singleElement()
          .satisfies(area -> assertThat(area.reason()).isEqualTo("it is mounted"));
    }
  }

  @Test
  void anImageFileMountedForWritingIsNotQuietNorIsItsDrive() throws IOException {
    try (LoopDevice loop = LoopDevice.attach(image, 512)) {
      assertThat(mounted(image)).isEmpty();
      Tool.named("mount").run(loop.path(), point);
      try {
        assertAllCountsAsUsed(image);
        assertAllCountsAsUsed(loop.path());
      } finally {
        Tool.named("umount").run(point);
      }
      Tool.named("mount").run("-o", "ro", loop.path(), point);
      try {
        assertThat(mounted(image)).isEmpty();
        assertThat(mounted(loop.path())).isEmpty();
      } finally {
        Tool.named("umount").run(point);
      }
    }
  }

  @Test
  void whatIsOnAnotherMachineAndDoesNotTellIsNotQuiet() {
    BlockSource far =
        new BlockSource() {
          @Override
          public long size() {
            return SIZE;
          }

          @Override
          public int read(long position, ByteBuffer target) {
            throw new AssertionError("nothing is to be read");
          }

          @Override
          public SourceInfo describe() {
            return new SourceInfo("cached file", "x.img", "ssh://srv/x.img");
          }

          @Override
          public void close() {}
        };
    assertThat(MountedRanges.on(far)).containsExactly(new Extent(0, SIZE, Extent.Kind.DATA));
  }

  @Test
  void aMountInAnotherMountNamespaceCountsAsWell() throws Exception {
    try (LoopDevice loop = LoopDevice.attach(image, 512)) {
      String mount =
          "mount %s %s && echo mounted && { read end || true; }".formatted(loop.path(), point);
      Process other =
          Tool.named("unshare").start("-m", "--propagation", "private", "sh", "-c", mount);
      try {
        assertThat(other.inputReader().readLine()).isEqualTo("mounted");
        assertAllCountsAsUsed(image);
        assertAllCountsAsUsed(loop.path());
      } finally {
        other.getOutputStream().close();
        assertThat(other.waitFor()).isZero();
      }
    }
  }

  @Test
  void onlyThePartitionThatIsMountedIsNotQuiet() throws IOException {
    Path file = Volumes.blank(folder.resolve("disk"), 2L * SIZE);
    try (LoopDevice disk = LoopDevice.attach(file, 512)) {
      Path first = disk.partition(1, 2048, SIZE / 512);
      Tool.named("mkfs.ext4").run("-q", "-F", first);
      Tool.named("mount").run(first, point);
      try {
        assertThat(mounted(disk.path()))
            .containsExactly(new Extent(1 << 20, SIZE, Extent.Kind.DATA));
      } finally {
        Tool.named("umount").run(point);
      }
    }
  }
}
