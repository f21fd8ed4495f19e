package blksh.cache;

import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.SourceInfo;
import blksh.block.WritableFile;
import blksh.block.WritableSource;
import blksh.mount.FixedDirectory;
import blksh.mount.SourceFile;
import blksh.mount.fuse.Fuse;
import blksh.mount.fuse.FuseMount;
import blksh.mount.fuse.MountOptions;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cache on a disk that fails once to make durable what was written to it, and drops it. */
class FailingDiskTest {

  private static final int SIZE = 2 * MIB;
  private static final byte[] BYTES = random(SIZE, 1);

  @TempDir Path folder;

  private Disk disk;
  private Path map;

  /** A file that loses what was written since the last sync when that is to fail. */
  private static final class Disk implements WritableSource {
    private final WritableFile file;
    private byte[] durable = new byte[SIZE];
    private volatile boolean failing;

    Disk(Path path) throws IOException {
      this.file = WritableFile.open(Files.write(path, durable));
    }

    @Override
    public long size() {
      return SIZE;
    }

    @Override
    public int read(long position, ByteBuffer target) {
      return file.read(position, target);
    }

    @Override
    public Iterator<Extent> extents(long position, long length) {
      return file.extents(position, length);
    }

    @Override
    public void write(long position, ByteBuffer bytes) {
      file.write(position, bytes);
    }

    @Override
    public void zero(long position, long length) {
      file.zero(position, length);
    }

    @Override
    public synchronized void sync() {
      if (failing) {
        failing = false;
        file.write(0, ByteBuffer.wrap(durable));
        throw new BlkshException("sync the disk", "it fails");
      }
      ByteBuffer now = ByteBuffer.allocate(SIZE);
      file.read(0, now);
      durable = now.array();
    }

    @Override
    public SourceInfo describe() {
      return file.describe();
    }

    @Override
    public void close() {
      file.close();
    }
  }

  @BeforeEach
  void makeDisk() throws IOException {
    disk = new Disk(folder.resolve("disk"));
    map = folder.resolve("copy.map");
    // The copy is begun: the disk is full of zeros, and has no holes.
    Files.writeString(map, "## blksh: copy=copy\n0x0 ? 1\n0x0 %d ?\n".formatted(SIZE));
  }

  private FuseMount mount() {
    FixedDirectory root =
        new FixedDirectory(Map.of("copy", new SourceFile(disk, Instant.now())), Instant.now());
    return Fuse.mount(
        () ->
            FuseMount.mount(folder.resolve("shown"), root, MountOptions.defaults().withWriting()));
  }

  private Cache open(Path data) {
    CacheOptions seldom = new CacheOptions(64 << 10, 4 << 20, Duration.ofDays(1));
    return Cache.open(new ByteArraySource(BYTES), data, map, seldom);
  }

  private static long finished(Cache cache) {
    return cache.map().bytes(RescueStatus.FINISHED);
  }

  @Test
  void whatMayBeLostIsNotClaimedAndCopiedAgain() {
    try (FuseMount mount = mount()) {
      Path data = mount.path().resolve("copy");
      try (Cache cache = open(data)) {
        cache.read(0, ByteBuffer.allocate(4096));
        cache.flush();
        long durable = finished(cache);
        assertThat(durable).isBetween(4096L, (long) SIZE - 1);
        disk.failing = true;
        assertThatThrownBy(() -> cache.rescue(RescueOptions.defaults(), new Task("rescue", "x")))
            .isInstanceOf(BlkshException.class)
            .hasMessageContaining("its disk failed")
            .hasMessageContaining("%d bytes count as not read".formatted(SIZE - durable));
        assertThat(finished(cache)).isEqualTo(durable);
      }
      assertThat(RescueMap.read(map, SIZE).bytes(RescueStatus.FINISHED)).isLessThan(SIZE);
      try (Cache again = open(data)) {
        again.rescue(RescueOptions.defaults(), new Task("rescue", "x"));
        assertThat(again.map().isFinished()).isTrue();
      }
    }
    assertThat(disk.durable).isEqualTo(BYTES);
  }

  @Test
  void whatWasLostIsReadAgainWhileItIsOpen() {
    try (FuseMount mount = mount();
        Cache cache = open(mount.path().resolve("copy"))) {
      cache.read(SIZE - 4096, ByteBuffer.allocate(4096));
      disk.failing = true;
      assertThatThrownBy(cache::flush).hasMessageContaining("its disk failed");
      assertThat(finished(cache)).isZero();
      cache.rescue(RescueOptions.defaults(), new Task("rescue", "x"));
      assertThat(cache.map().isFinished()).isTrue();
      ByteBuffer all = ByteBuffer.allocate(SIZE);
      cache.read(0, all);
      assertThat(all.array()).isEqualTo(BYTES);
    }
    assertThat(disk.durable).isEqualTo(BYTES);
  }
}
