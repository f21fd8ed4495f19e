package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.Extent;
import blksh.block.MappedSource;
import blksh.block.MountedRanges;
import blksh.block.SliceSource;
import blksh.block.SourceInfo;
import blksh.cache.Cache;
import blksh.cache.CacheOptions;
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

  private static List<Extent> mounted(Path path, long start, long length) {
    try (BlockSource slice = new SliceSource(BlockSources.open(path), start, length)) {
      return MountedRanges.on(slice);
    }
  }

  private static Extent data(long start, long length) {
    return new Extent(start, length, Extent.Kind.DATA);
  }

  /** The second MiB of a source, and the first, as a volume may have them. */
  private static BlockSource composed(BlockSource source) {
    int half = 1 << 20;
    return new MappedSource(
        new SourceInfo("array md:0 in", "md-0", source.describe().location()),
        2L * half,
        List.of(source),
        at -> new MappedSource.Piece(source, (at + half) % (2L * half), half - at % half),
        source::close);
  }

  @Test
  void aPartitionOfAnArrayOnWhatIsMountedIsNotQuietInACacheEither() throws IOException {
    try (LoopDevice loop = LoopDevice.attach(image, 512)) {
      for (boolean mount : new boolean[] {true, false}) {
        if (mount) {
          Tool.named("mount").run(loop.path(), point);
        }
        List<Extent> all = mount ? List.of(data(0, 4096)) : List.of();
        try (BlockSource array = composed(BlockSources.open(loop.path()))) {
          assertThat(MountedRanges.on(new SliceSource(array, 8192, 4096))).isEqualTo(all);
          BlockSource nested = composed(new SliceSource(array, 0, 2 << 20));
          assertThat(MountedRanges.on(new SliceSource(nested, 0, 4096))).isEqualTo(all);
        } finally {
          if (mount) {
            Tool.named("umount").run(point);
          }
        }
      }
      Tool.named("mount").run(loop.path(), point);
      try (Cache cache =
          Cache.open(
              composed(BlockSources.open(loop.path())),
              folder.resolve("kept"),
              CacheOptions.defaults())) {
        assertThat(MountedRanges.on(cache)).containsExactly(data(0, 2 << 20));
        assertThat(MountedRanges.on(new SliceSource(cache, 4096, 512)))
            .containsExactly(data(0, 512));
      } finally {
        Tool.named("umount").run(point);
      }
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
        // of a slice they count from where that begins
        assertThat(mounted(disk.path(), 1 << 20, SIZE)).containsExactly(data(0, SIZE));
        assertThat(mounted(disk.path(), (1 << 20) + 4096, 2 << 20))
            .containsExactly(data(0, 2 << 20));
        assertThat(mounted(disk.path(), 0, (1 << 20) + 512)).containsExactly(data(1 << 20, 512));
        assertThat(mounted(disk.path(), 0, 1 << 20)).isEmpty();
        assertThat(mounted(disk.path(), (1 << 20) + SIZE, 1 << 20)).isEmpty();
      } finally {
        Tool.named("umount").run(point);
      }
    }
  }
}
