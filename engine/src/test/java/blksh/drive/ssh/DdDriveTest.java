package blksh.drive.ssh;

import static blksh.drive.ssh.Machines.assertHolds;
import static blksh.drive.ssh.Machines.capture;
import static blksh.drive.ssh.Machines.disk;
import static blksh.drive.ssh.Machines.reach;
import static blksh.drive.ssh.Machines.store;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.filesystem.UsedBlocks;
import blksh.io.UnreadableException;
import blksh.kit.Await;
import blksh.kit.Content;
import blksh.kit.LoopDevice;
import blksh.kit.Nbdfuse;
import blksh.kit.Sshd;
import blksh.kit.Tool;
import blksh.kit.Wire;
import blksh.store.CaptureOptions;
import blksh.store.CaptureResult;
import blksh.store.Store;
import blksh.task.CancelledException;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Drives of a machine that has dd and no python3. */
class DdDriveTest {

  private static final int MIB = 1 << 20;

  @TempDir Path folder;

  private Sshd sshd;

  @BeforeEach
  void start() throws Exception {
    Path path = Files.createDirectories(folder.resolve("path"));
    for (String name : List.of("dd", "stat", "blockdev", "wc", "ls", "id")) {
      Files.createSymbolicLink(path.resolve(name), Path.of(Tool.path(name)));
    }
    sshd = serve("sshd");
  }

  /** Sees what is mounted by then, and nothing that is later. */
  private Sshd serve(String name) throws Exception {
    return Sshd.in(folder.resolve(name), "", "SetEnv PATH=" + folder.resolve("path"));
  }

  @AfterEach
  void end() throws IOException {
    if (sshd != null) {
      sshd.close();
    }
  }

  private static ByteBuffer read(BlockSource source, long position) {
    ByteBuffer bytes = ByteBuffer.allocate(4096);
    source.read(position, bytes);
    return bytes;
  }

  @Test
  void aDeviceThatIsAnotherByThenIsRefused() throws Exception {
    Path one = Files.write(folder.resolve("one"), Content.random(8 * MIB, 1));
    Path other = Files.write(folder.resolve("other"), Content.random(8 * MIB, 2));
    Path link = folder.resolve("drive");
    try (LoopDevice first = LoopDevice.attach(one, 512);
        LoopDevice second = LoopDevice.attach(other, 512);
        RemoteHost host = reach(sshd.ssh("chief"))) {
      Files.createSymbolicLink(link, first.path());
      try (BlockSource source = host.open(link.toString())) {
        assertThat(read(source, 0).array()).isEqualTo(Content.random(4096, 1));
        assertThat(read(source, 7 * MIB).position()).isEqualTo(4096);
        Files.delete(link);
        Files.createSymbolicLink(link, second.path());
        assertThatThrownBy(() -> read(source, 3 * MIB))
            .hasMessageContaining("there is another drive now");
      }
    }
  }

  @Test
  void aFileThatIsAnotherByThenIsRefusedThoughItHasItsNumber() throws Exception {
    Path disk = Files.write(folder.resolve("disk"), Content.random(8 * MIB, 1));
    try (RemoteHost host = reach(sshd.ssh("chief"));
        BlockSource source = host.open(disk.toString())) {
      assertThat(read(source, 7 * MIB).position()).isEqualTo(4096);
      Files.delete(disk); // most file systems give the number to the next
      Files.write(disk, Content.random(8 * MIB, 2));
      assertThatThrownBy(() -> read(source, 0)).hasMessageContaining("there is another drive now");
      Files.delete(disk);
      assertThatThrownBy(() -> read(source, 0))
          .hasMessageContaining("there is no such file or device there");
    }
  }

  @Test
  void aCutIsGoneOnAfter() throws Exception {
    Path disk = disk(folder.resolve("disk"), 8 * MIB + 777, 1);
    try (Wire wire = Wire.to(sshd.port()).cut(2_500_000, 3);
        RemoteHost host = reach(sshd.ssh("chief", wire.port()));
        Store store = store(folder)) {
      assertHolds(store, capture(store, host, disk, "a"), disk);
      assertThat(wire.cuts()).isEqualTo(3);
    }
  }

  @Test
  void onlyWhatCannotBeReadIsBadAndABlockTakesOneLogin() throws Exception {
    byte[] all = Content.random(MIB, 7);
    Files.write(folder.resolve("all"), all);
    Path map =
        Files.writeString(
            folder.resolve("map"),
            "0 ? 1\n0 0x21000 +\n0x21000 0x400 -\n0x21400 0x5EC00 +\n0x80000 0x8000 -\n"
                + "0x88000 0x78000 +\n");
    try (Nbdfuse failing = Nbdfuse.of(folder.resolve("all"), map, folder.resolve("fuse"));
        Sshd there = serve("sshd-later");
        Wire wire = Wire.to(there.port());
        RemoteHost host = reach(there.ssh("chief", wire.port()));
        Store store = store(folder)) {
      CaptureResult captured = capture(store, host, failing.path(), "a");
      assertThat(captured.bad().get(0).start()).isEqualTo(0x21000);
      assertThat(captured.manifest().figures().badBytes()).isBetween(0x8400L, 0x9000L);
      byte[] held = new byte[MIB];
      try (BlockSource source = store.source(captured.manifest())) {
        source.read(0x22000, ByteBuffer.wrap(held, 0x22000, 0x5E000));
        source.read(0x88000, ByteBuffer.wrap(held, 0x88000, 0x78000));
      }
      assertThat(Arrays.mismatch(held, 0x22000, 0x80000, all, 0x22000, 0x80000)).isEqualTo(-1);
      assertThat(Arrays.mismatch(held, 0x88000, MIB, all, 0x88000, MIB)).isEqualTo(-1);
      assertThat(wire.connections()).isLessThan(9);
    }
  }

  @Test
  void whatWasCutOffIsBadToItsEndAndIsNotAskedForAgain() throws Exception {
    Path disk = Files.write(folder.resolve("disk"), Content.random(24 * MIB, 5));
    try (Wire wire = Wire.to(sshd.port());
        RemoteHost host = reach(sshd.ssh("chief", wire.port()));
        Store store = store(folder);
        BlockSource source = host.open(disk.toString())) {
      try (FileChannel channel = FileChannel.open(disk, StandardOpenOption.WRITE)) {
        channel.truncate(2 * MIB + 100);
      }
      CaptureResult captured =
          store.capture(source, "a", CaptureOptions.defaults(), Task.unwatched());
      assertThat(captured.manifest().figures().badBytes()).isEqualTo(22L * MIB - 100);
      assertThat(wire.connections()).isLessThan(8);
    }
  }

  @Test
  void aReadThatFailsOtherwiseEndsTheCaptureInItsWords() throws Exception {
    Path disk = disk(folder.resolve("disk"), 4 * MIB, 1);
    try (RemoteHost host = reach(sshd.ssh("chief"));
        Store store = store(folder);
        BlockSource source = host.open(disk.toString())) {
      Files.delete(folder.resolve("path/dd"));
      assertThatThrownBy(
              () -> store.capture(source, "a", CaptureOptions.defaults(), Task.unwatched()))
          .hasMessageContaining("dd")
          .hasMessageContaining("not found");
      assertThat(store.names()).isEmpty();
    }
  }

  @Test
  void nothingIsLeftOutOfWhatMayBeInUse() throws Exception {
    Path image = folder.resolve("ext4");
    Tool.named("mkfs.ext4").run("-q", "-F", image, "8M");
    try (RemoteHost host = reach(sshd.ssh("chief"));
        BlockSource source = host.open(image.toString())) {
      assertThat(UsedBlocks.of(source).freeBytes()).isZero();
    }
  }

  @Test
  void aDriveThatHangsWhenItIsOpenedIsNotWaitedForForEver() throws Exception {
    hangs("blockdev");
    Path disk = Files.write(folder.resolve("disk"), Content.random(MIB, 1));
    try (LoopDevice loop = LoopDevice.attach(disk, 512);
        RemoteHost host = reach(sshd.ssh("chief"))) {
      host.answeringWithin(Duration.ofSeconds(1));
      assertThatThrownBy(() -> host.open(loop.path().toString()))
          .hasMessageContaining("the drive there has not answered for");
    }
  }

  /** There once it was run. */
  private Path hanging() {
    return folder.resolve("hanging");
  }

  private void hangs(String program) throws IOException {
    Path path = folder.resolve("path").resolve(program);
    Files.delete(path);
    Files.writeString(
        path, "#!/bin/sh\n: >'%s'\nexec %s 30\n".formatted(hanging(), Tool.path("sleep")));
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @Test
  void whoWaitsForADriveThatIsClosedWaitsNoLonger() throws Exception {
    Path disk = disk(folder.resolve("disk"), MIB, 1);
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (RemoteHost host = reach(sshd.ssh("chief"))) {
      BlockSource source = host.open(disk.toString());
      hangs("dd");
      Future<ByteBuffer> reading = thread.submit(() -> read(source, 0));
      Await.await(() -> Files.exists(hanging()));
      source.close();
      assertThatThrownBy(() -> reading.get(20, TimeUnit.SECONDS))
          .hasCauseInstanceOf(CancelledException.class);
    } finally {
      thread.shutdownNow();
    }
  }

  @Test
  void aCaptureThatFailsDoesNotWaitForADriveThatHangs() throws Exception {
    hangs("dd");
    try (RemoteHost host = reach(sshd.ssh("chief"));
        BlockSource source = host.open(disk(folder.resolve("disk"), MIB, 1).toString())) {
      AtomicInteger turn = new AtomicInteger();
      assertThatThrownBy(
              () ->
                  Workers.run(
                      Task.unwatched(),
                      2,
                      () -> {
                        if (turn.incrementAndGet() == 1) {
                          read(source, 0);
                        } else {
                          Await.await(() -> Files.exists(hanging()));
                          throw new IOException("the store is full");
                        }
                      },
                      () -> {}))
          .hasMessageContaining("the store is full");
    }
  }

  @Test
  void aDeviceThatIsKnownByNothingIsNotOpened() throws Exception {
    Path disk = Files.write(folder.resolve("disk"), Content.random(MIB, 1));
    try (LoopDevice loop = LoopDevice.attach(disk, 512);
        Sshd there =
            Sshd.in(
                folder.resolve("bare"),
                "mount -t tmpfs tmpfs /sys",
                "SetEnv PATH=" + folder.resolve("path"));
        RemoteHost host = reach(there.ssh("chief"))) {
      assertThatThrownBy(() -> host.open(loop.path().toString()))
          .hasMessageContaining("nothing tells whether it is the same drive")
          .hasMessageContaining("python3");
    }
  }

  @Test
  void badBlocksBesideEachOtherTakeOneLogin() throws Exception {
    int size = 22 * 65536 - 5000;
    byte[] all = Content.random(size, 7);
    Files.write(folder.resolve("all"), all);
    StringBuilder map = new StringBuilder("0 ? 1\n0 0x10000 +\n");
    List<Extent> lost = List.of(bad(1, 0x2000), bad(3, 0x1000), bad(21, 0x3000));
    for (int i = 0; i < lost.size(); i++) {
      long next = i + 1 < lost.size() ? lost.get(i + 1).start() : size;
      Extent each = lost.get(i);
      map.append("0x%x 0x%x -\n".formatted(each.start(), each.length()));
      map.append("0x%x 0x%x +\n".formatted(each.end(), next - each.end()));
    }
    try (Nbdfuse failing =
            Nbdfuse.of(
                folder.resolve("all"),
                Files.writeString(folder.resolve("map"), map),
                folder.resolve("fuse"));
        Sshd there = serve("sshd-later");
        Wire wire = Wire.to(there.port());
        RemoteHost host = reach(there.ssh("chief", wire.port()));
        Store store = store(folder)) {
      CaptureResult captured = capture(store, host, failing.path(), "a");
      assertThat(captured.bad()).isEqualTo(lost);
      byte[] held = all.clone();
      try (BlockSource source = store.source(captured.manifest())) {
        int at = 0;
        for (Extent each : lost) {
          source.read(at, ByteBuffer.wrap(held, at, (int) each.start() - at));
          at = (int) each.end();
        }
        source.read(at, ByteBuffer.wrap(held, at, size - at));
      }
      assertThat(Arrays.mismatch(held, all)).isEqualTo(-1);
      assertThat(wire.connections()).isEqualTo(5); // python3?, look, dd, what is bad twice
    }
  }

  /** Sixteen MiB, of which four are dead, and one sector in the middle of them is not. */
  @Test
  void aDeadRegionIsFoundBySectorsInBoundedTime() throws Exception {
    int size = 16 * MIB;
    byte[] all = Content.random(size, 7);
    Files.write(folder.resolve("all"), all);
    long from = 4 * MIB + 3 * 4096;
    long island = 6 * MIB + 5 * 4096;
    long to = 8 * MIB + 4096;
    String map =
        "0 ? 1\n0 0x%x +\n0x%x 0x%x -\n0x%x 0x1000 +\n0x%x 0x%x -\n0x%x 0x%x +\n"
            .formatted(
                from,
                from,
                island - from,
                island,
                island + 4096,
                to - island - 4096,
                to,
                size - to);
    try (Nbdfuse failing =
            Nbdfuse.of(
                folder.resolve("all"),
                Files.writeString(folder.resolve("map"), map),
                folder.resolve("fuse"));
        Sshd there = serve("sshd-later");
        RemoteHost host = reach(there.ssh("chief"));
        Store store = store(folder)) {
      long began = System.nanoTime();
      CaptureResult captured = capture(store, host, failing.path(), "a");
      // One dd for each of its 8,200 sectors would take minutes.
      assertThat((System.nanoTime() - began) / 1e9).isLessThan(80);
      assertThat(captured.bad())
          .containsExactly(
              new Extent(from, island - from, Extent.Kind.BAD),
              new Extent(island + 4096, to - island - 4096, Extent.Kind.BAD));
      byte[] held = new byte[size];
      try (BlockSource source = store.source(captured.manifest())) {
        for (long[] range : new long[][] {{0, from}, {island, island + 4096}, {to, size}}) {
          int count = (int) (range[1] - range[0]);
          source.read(range[0], ByteBuffer.wrap(held, (int) range[0], count));
          assertThat(
                  Arrays.mismatch(
                      held, (int) range[0], (int) range[1], all, (int) range[0], (int) range[1]))
              .isEqualTo(-1);
        }
      }
    }
  }

  private static Extent bad(int block, int length) {
    return new Extent(block * 65536L, length, Extent.Kind.BAD);
  }

  @Test
  void aBadSectorThatIsAskedForAgainIsTriedAgain() throws Exception {
    byte[] all = Content.random(MIB, 7);
    Files.write(folder.resolve("all"), all);
    Path map = Files.writeString(folder.resolve("map"), "0 ? 1\n0 0x100000 +\n");
    Path failing = folder.resolve("failing");
    try (Nbdfuse sometimes =
            Nbdfuse.of(
                folder.resolve("all"),
                map,
                folder.resolve("fuse"),
                "--filter=error",
                "error-pread-rate=100%",
                "error-file=" + failing);
        Sshd there = serve("sshd-later");
        RemoteHost host = reach(there.ssh("chief"));
        BlockSource source = host.open(sometimes.path().toString())) {
      Files.writeString(failing, "");
      ByteBuffer sector = ByteBuffer.allocate(512);
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> source.read(4096, sector)).isInstanceOf(UnreadableException.class);
      }
      Files.delete(failing);
      assertThat(source.read(4096, sector)).isEqualTo(512);
      assertThat(sector.array()).isEqualTo(Arrays.copyOfRange(all, 4096, 4608));
    }
  }
}
