package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.Overlay;
import blksh.kit.ChildJvm;
import blksh.kit.Component;
import blksh.mount.fuse.MountOptions;
import blksh.mount.nbd.ServeOptions;
import blksh.store.CaptureOptions;
import blksh.store.Store;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LiveMountsTest {

  private static final int MIB = 1 << 20;

  @TempDir Path folder;
  private Workspace workspace;
  private Path point;

  @BeforeEach
  void open() throws IOException {
    folder = folder.toRealPath();
    point = folder.resolve("point");
    workspace = Workspace.open(folder.resolve("home"));
  }

  @AfterEach
  void close() {
    workspace.close();
  }

  private Path image(int seed) throws IOException {
    byte[] bytes = new byte[2 * MIB + 999];
    new Random(seed).nextBytes(bytes);
    return Files.write(folder.resolve("disk" + seed + ".img"), bytes);
  }

  private MountEntry mount(BlockSource source) {
    Component.needFuse();
    return workspace.mounts().mount(MountSource.of(source), point, MountOptions.defaults());
  }

  private static void capture(Store store, Path image, String name) {
    try (BlockSource source = BlockSources.open(image)) {
      store.capture(source, name, CaptureOptions.defaults(), Task.unwatched());
    }
  }

  @Test
  void aSourceIsMountedListedAndUnmounted() throws IOException {
    Path image = image(1);
    MountEntry entry = mount(BlockSources.open(image));
    Path shown = point.resolve("disk1.img");
    assertThat(Files.mismatch(shown, image)).isEqualTo(-1);
    assertThat(Files.getLastModifiedTime(shown).toMillis())
        .isEqualTo(Files.getLastModifiedTime(image).toMillis());
    assertThat(entry.place()).isEqualTo(point.toString());
    assertThat(entry.source()).isEqualTo("file " + image);
    assertThat(workspace.mounts().list())
        .anySatisfy(
            listed -> {
              assertThat(listed.place()).isEqualTo(point.toString());
              assertThat(listed.state()).isEqualTo(MountEntry.State.HERE);
              assertThat(listed.traffic().bytesRead()).isGreaterThanOrEqualTo(2 * MIB);
            });
    assertThat(workspace.mounts().unmount(entry)).isEmpty();
    assertThat(point).doesNotExist();
    assertThat(workspace.mounts().list()).noneMatch(here -> here.place().equals(point.toString()));
  }

  @Test
  void partitionsAreFilesBesideTheirDisk() throws IOException {
    Path disk = partitioned();
    byte[] bytes = Files.readAllBytes(disk);
    MountEntry entry = mount(BlockSources.open(disk));
    try (Stream<Path> shown = Files.list(point)) {
      assertThat(shown.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("parts.img", "parts.img.p1", "parts.img.p2");
    }
    assertThat(Files.readAllBytes(point.resolve("parts.img.p1")))
        .isEqualTo(java.util.Arrays.copyOfRange(bytes, MIB, 3 * MIB));
    assertThat(Files.readAllBytes(point.resolve("parts.img.p2")))
        .isEqualTo(java.util.Arrays.copyOfRange(bytes, 4 * MIB, 5 * MIB));
    workspace.mounts().unmount(entry);
  }

  @Test
  void whatIsWrittenToAPartitionIsOnItsDisk() throws IOException {
    Path disk = partitioned();
    byte[] bytes = Files.readAllBytes(disk);
    Path file = folder.resolve("over");
    MountEntry entry = mount(Overlay.open(BlockSources.open(disk), file));
    byte[] written = new byte[10_000];
    new Random(7).nextBytes(written);
    try (var part = new java.io.RandomAccessFile(point.resolve("parts.img.p2").toFile(), "rw")) {
      part.seek(1234);
      part.write(written);
      part.getFD().sync();
    }
    System.arraycopy(written, 0, bytes, 4 * MIB + 1234, written.length);
    assertThat(Files.readAllBytes(point.resolve("parts.img"))).isEqualTo(bytes);
    workspace.mounts().unmount(entry);
    entry = mount(Overlay.open(BlockSources.open(disk), file));
    assertThat(Files.readAllBytes(point.resolve("parts.img"))).isEqualTo(bytes);
    workspace.mounts().unmount(entry);
  }

  /** An MBR with two partitions: 2 MiB at 1 MiB, 1 MiB at 4 MiB. */
  private Path partitioned() throws IOException {
    byte[] bytes = new byte[6 * MIB];
    new Random(3).nextBytes(bytes);
    java.util.Arrays.fill(bytes, 0, 512, (byte) 0);
    java.nio.ByteBuffer table =
        java.nio.ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    int[][] parts = {{1, 2}, {4, 1}};
    for (int i = 0; i < parts.length; i++) {
      table.put(446 + 16 * i + 4, (byte) 0x83);
      table.putInt(446 + 16 * i + 8, parts[i][0] * MIB / 512);
      table.putInt(446 + 16 * i + 12, parts[i][1] * MIB / 512);
    }
    table.putShort(510, (short) 0xaa55);
    return Files.write(folder.resolve("parts.img"), bytes);
  }

  @Test
  void aStoreIsADirectoryOfVersionsForEachName() throws IOException {
    Component.needFuse();
    Store store = workspace.store(folder.resolve("store"));
    Path first = image(1);
    Path second = image(2);
    capture(store, first, "server01.sda");
    capture(store, second, "server01.sda");
    capture(store, first, "laptop");
    workspace.mounts().mount(MountSource.of(store), point, MountOptions.defaults());
    assertThat(names(point)).containsExactly("laptop", "server01.sda");
    assertThat(names(point.resolve("server01.sda"))).containsExactly("1", "2", "latest");
    assertThat(Files.mismatch(point.resolve("server01.sda/1"), first)).isEqualTo(-1);
    assertThat(Files.mismatch(point.resolve("server01.sda/latest"), second)).isEqualTo(-1);
    assertThat(Files.mismatch(point.resolve("laptop/latest"), first)).isEqualTo(-1);
    assertThat(point.resolve("server01.sda/3")).doesNotExist();
    assertThat(point.resolve("absent")).doesNotExist();
    assertThat(Files.getLastModifiedTime(point.resolve("laptop/1")).toInstant())
        .isEqualTo(store.manifest("laptop@1").finished());
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void manyVersionsAreListedAtOnce() throws IOException {
    Component.needFuse();
    Store store = workspace.store(folder.resolve("store"));
    Path image = image(3);
    capture(store, image, "many");
    Path manifests = folder.resolve("store/manifests/many");
    byte[] first = Files.readAllBytes(manifests.resolve("1.manifest"));
    for (int version = 2; version <= 20_000; version++) {
      Files.createFile(manifests.resolve(version + ".manifest"));
    }
    Files.write(manifests.resolve("20000.manifest"), first);
    workspace.mounts().mount(MountSource.of(store), point, MountOptions.defaults());
    assertThat(names(point)).containsExactly("many");
    long before = System.nanoTime();
    try (Stream<Path> entries = Files.list(point.resolve("many"))) {
      assertThat(entries.count()).isEqualTo(20_001);
    }
    assertThat(Files.mismatch(point.resolve("many/1"), image)).isEqualTo(-1);
    assertThat(Files.readSymbolicLink(point.resolve("many/latest"))).hasToString("20000");
    // Seconds on a busy machine; to look at each version for each would take far longer.
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(60));
  }

  @Test
  void anOverlayIsWrittenAndCapturedAsANewVersion() throws IOException {
    Store store = workspace.store(folder.resolve("store"));
    Path image = image(4);
    capture(store, image, "disk");
    Path file = folder.resolve("changes.cow");
    MountEntry entry = mount(Overlay.open(store.source(store.manifest("disk")), file));
    assertThat(entry.overlay()).isEqualTo(file.toString());
    assertThat(entry.source()).startsWith("manifest ").endsWith("disk/1.manifest");
    byte[] expected = Files.readAllBytes(image);
    try (var channel =
        java.nio.channels.FileChannel.open(
            point.resolve("disk@1"), java.nio.file.StandardOpenOption.WRITE)) {
      channel.write(java.nio.ByteBuffer.wrap(new byte[5000]), 70_000);
      channel.force(false);
    }
    java.util.Arrays.fill(expected, 70_000, 75_000, (byte) 0);
    workspace.mounts().unmount(entry);
    try (Overlay again = Overlay.open(store.source(store.manifest("disk@1")), file)) {
      store.capture(again, "disk", CaptureOptions.defaults(), Task.unwatched());
    }
    try (BlockSource committed = store.source(store.manifest("disk@2"))) {
      java.nio.ByteBuffer found = java.nio.ByteBuffer.allocate(expected.length);
      committed.read(0, found);
      assertThat(found.array()).isEqualTo(expected);
    }
  }

  @Test
  void aServerIsListedAndEnded() throws IOException {
    Path image = image(5);
    Path socket = folder.resolve("nbd.sock");
    MountEntry entry =
        workspace
            .mounts()
            .serve(
                MountSource.of(Map.of("disk", BlockSources.open(image))),
                ServeOptions.onSocket(socket));
    assertThat(entry.place()).isEqualTo("nbd+unix:///?socket=" + socket);
    assertThat(workspace.mounts().list()).extracting(MountEntry::place).contains(entry.place());
    workspace.mounts().unmount(entry);
    assertThat(socket).doesNotExist();
    assertThat(workspace.mounts().list())
        .extracting(MountEntry::place)
        .doesNotContain(entry.place());
  }

  @Test
  void aSourceThatCannotBeMountedIsClosed() throws IOException {
    Component.needFuse();
    Path inTheWay = Files.createFile(folder.resolve("file"));
    BlockSource source = BlockSources.open(image(6));
    assertThatThrownBy(
            () ->
                workspace.mounts().mount(MountSource.of(source), inTheWay, MountOptions.defaults()))
        .isInstanceOf(BlkshException.class);
    assertThatThrownBy(() -> source.read(0, java.nio.ByteBuffer.allocate(1)))
        .hasMessageContaining("closed");
  }

  /** Mounts and serves an image until that is ended. Arguments: home, image, directory, socket. */
  static final class Serving {
    public static void main(String[] arguments) throws InterruptedException {
      try (Workspace workspace = Workspace.open(Path.of(arguments[0]))) {
        Path image = Path.of(arguments[1]);
        workspace
            .mounts()
            .mount(
                MountSource.of(BlockSources.open(image)),
                Path.of(arguments[2]),
                MountOptions.defaults());
        workspace
            .mounts()
            .serve(
                MountSource.of(Map.of("disk", BlockSources.open(image))),
                ServeOptions.onSocket(Path.of(arguments[3])));
        System.out.println("serving");
        workspace.mounts().awaitEnd();
      }
    }
  }

  @Test
  void whatAnotherProcessServesIsListedAndEndedFromHere() throws Exception {
    Component.needFuse();
    Path socket = folder.resolve("nbd.sock");
    Process other =
        ChildJvm.start(
            List.of(),
            Serving.class,
            workspace.home().toString(),
            image(7).toString(),
            point.toString(),
            socket.toString());
    assertThat(other.inputReader().readLine()).isEqualTo("serving");
    List<MountEntry> found =
        workspace.mounts().list().stream().filter(e -> e.pid() == other.pid()).toList();
    assertThat(found)
        .extracting(MountEntry::kind)
        .containsExactlyInAnyOrder(MountEntry.Kind.FUSE, MountEntry.Kind.NBD);
    assertThat(found).extracting(MountEntry::state).containsOnly(MountEntry.State.ELSEWHERE);
    for (MountEntry entry : found) {
      assertThat(workspace.mounts().unmount(entry)).isEmpty();
    }
    assertThat(other.waitFor()).isZero();
    assertThat(point).doesNotExist();
    assertThat(socket).doesNotExist();
    assertThat(workspace.mounts().list()).noneMatch(entry -> entry.pid() == other.pid());
  }

  @Test
  void whatAKilledProcessServedIsPruned() throws Exception {
    Component.needFuse();
    Path socket = folder.resolve("nbd.sock");
    Process other =
        ChildJvm.start(
            List.of(),
            Serving.class,
            workspace.home().toString(),
            image(8).toString(),
            point.toString(),
            socket.toString());
    assertThat(other.inputReader().readLine()).isEqualTo("serving");
    other.destroyForcibly().waitFor();
    assertThat(workspace.mounts().list().stream().filter(e -> e.pid() == other.pid()))
        .hasSize(2)
        .allMatch(entry -> entry.state() == MountEntry.State.DEAD);
    assertThat(workspace.mounts().prune()).hasSizeGreaterThanOrEqualTo(2);
    assertThat(workspace.mounts().list()).noneMatch(entry -> entry.pid() == other.pid());
    assertThat(socket).doesNotExist();
    mount(BlockSources.open(image(8)));
  }
}
