package blksh.mount.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.io.MountTable;
import blksh.kit.Child;
import blksh.kit.ChildJvm;
import blksh.kit.Content;
import blksh.kit.Effort;
import blksh.kit.Tool;
import blksh.mount.FixedDirectory;
import blksh.mount.MountDirectory;
import blksh.mount.MountFile;
import blksh.mount.MountLink;
import blksh.mount.MountNode;
import blksh.mount.SourceFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FuseMountTest {

  private static final int MIB = 1 << 20;
  private static final Instant WHEN = Instant.parse("2024-02-29T12:34:56.789Z");

  @TempDir Path folder;
  private Path point;
  private final List<FuseMount> mounts = new ArrayList<>();

  @BeforeEach
  void choosePlace() throws IOException {
    point = folder.toRealPath().resolve("mounted");
  }

  @AfterEach
  void unmountAll() {
    mounts.forEach(FuseMount::close);
  }

  private FuseMount mount(Map<String, MountNode> entries) {
    return mount(new FixedDirectory(entries, WHEN), MountOptions.defaults());
  }

  private FuseMount mount(MountDirectory root, MountOptions options) {
    FuseMount mount = Fuse.mount(() -> FuseMount.mount(point, root, options));
    mounts.add(mount);
    return mount;
  }

  private static SourceFile file(byte[] bytes) {
    return new SourceFile(new ByteArraySource(bytes), WHEN);
  }

  @Test
  void aSourceIsAFileOfItsSizeTimeAndBytes() throws IOException {
    byte[] bytes = Content.random(3 * MIB + 517, 1);
    Path plain = Files.write(folder.resolve("plain"), bytes);
    mount(Map.of("disk.img", file(bytes)));
    Path shown = point.resolve("disk.img");
    assertThat(Files.size(shown)).isEqualTo(bytes.length);
    assertThat(Files.getLastModifiedTime(shown).toInstant()).isEqualTo(WHEN);
    Tool.named("cmp").run(plain.toString(), shown.toString());
    for (String block : List.of("512", "7777", "1M")) {
      Path copy = folder.resolve("copy");
      Tool.named("dd").run("if=" + shown, "of=" + copy, "bs=" + block, "status=none");
      assertThat(Files.mismatch(copy, plain)).isEqualTo(-1);
    }
    Path direct = folder.resolve("direct");
    Tool.named("dd").run("if=" + shown, "of=" + direct, "bs=64k", "iflag=direct", "status=none");
    assertThat(Files.mismatch(direct, plain)).isEqualTo(-1);
  }

  @Test
  void theDirectoryMayHaveAnyName() throws IOException {
    point = folder.resolve("with space, \\040,\nnewline and\ttab");
    FuseMount mount = mount(Map.of("disk.img", file(new byte[5])));
    MountTable.Entry entry = MountTable.read().at(point).orElseThrow();
    assertThat(entry.type()).isEqualTo("fuse.blksh");
    assertThat(entry.isReadOnly()).isTrue();
    assertThat(SystemMounts.all())
        .anySatisfy(mounted -> assertThat(mounted.path()).isEqualTo(point));
    assertThat(Files.size(point.resolve("disk.img"))).isEqualTo(5);
    assertThat(mount.unmount()).isEmpty();
    assertThat(MountTable.read().at(point)).isEmpty();
    assertThat(point).doesNotExist();
  }

  @Test
  void readsThroughThePageCacheAreTheSameBytes() throws IOException {
    byte[] bytes = Content.random(MIB + 5, 2);
    mount(
        new FixedDirectory(Map.of("disk.img", file(bytes)), WHEN),
        MountOptions.defaults().withPageCache());
    assertThat(Files.readAllBytes(point.resolve("disk.img"))).isEqualTo(bytes);
  }

  @Test
  void holesShowToThoseWhoLookForThem() throws IOException {
    Path sparse = folder.resolve("sparse");
    try (FileChannel file =
        FileChannel.open(sparse, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(Content.random(MIB, 5)), 0);
      file.write(ByteBuffer.wrap(Content.random(MIB, 6)), 20 * MIB);
      file.write(ByteBuffer.wrap(new byte[1]), 40 * MIB);
    }
    try (BlockSource source = BlockSources.open(sparse)) {
      mount(Map.of("disk.img", new SourceFile(source, WHEN)));
      Path shown = point.resolve("disk.img");
      String ask =
          """
          import os
          f = os.open('%s', os.O_RDONLY)
          def at(where, whence):
              try: return os.lseek(f, where, whence)
              except OSError as e: return -e.errno
          print(at(0, os.SEEK_DATA), at(0, os.SEEK_HOLE), at(1 << 20, os.SEEK_DATA),
                at(20 << 20, os.SEEK_HOLE), at(21 << 20, os.SEEK_HOLE), at(40 << 20, os.SEEK_HOLE),
                at((40 << 20) + 1, os.SEEK_DATA))
          """;
      Tool python = Tool.named("python3");
      assertThat(python.run("-c", ask.formatted(shown)))
          .isEqualTo(python.run("-c", ask.formatted(sparse)));
      Path copy = folder.resolve("copy");
      Tool.named("cp").run("--sparse=auto", shown.toString(), copy.toString());
      assertThat(Files.mismatch(copy, sparse)).isEqualTo(-1);
      long blocks = Long.parseLong(Tool.named("stat").run("-c", "%b", copy.toString()));
      assertThat(blocks).isLessThan(8 * MIB / 512);
      assertThat(Long.parseLong(Tool.named("stat").run("-c", "%b", shown.toString())))
          .isLessThan(8 * MIB / 512);
      mounts.forEach(FuseMount::close);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatIsUnreadableIsAnErrorAndNothingElseIs(boolean pageCache) throws IOException {
    byte[] bytes = Content.random(4 * MIB, 3);
    BlockSource source =
        new FaultySource(new ByteArraySource(bytes)).unreadable(MIB + 8192, 4096).unreadable(7, 1);
    MountOptions options = MountOptions.defaults();
    FuseMount mount =
        mount(
            new FixedDirectory(Map.of("disk.img", new SourceFile(source, WHEN)), WHEN),
            pageCache ? options.withPageCache() : options);
    for (String block : List.of("4k", "512")) {
      Path copy = folder.resolve("copy");
      Tool.Ended dd =
          Tool.named("dd")
              .attempt(
                  "if=" + point.resolve("disk.img"),
                  "of=" + copy,
                  "bs=" + block,
                  "conv=noerror,sync",
                  "status=noxfer");
      assertThat(dd.output()).contains("Input/output error");
      byte[] found = Files.readAllBytes(copy);
      assertThat(found).hasSameSizeAs(bytes);
      for (int i = 0; i < bytes.length; i++) {
        boolean lost = i < 4096 || i >= MIB + 8192 && i < MIB + 8192 + 4096;
        if (found[i] != bytes[i] && !(lost && found[i] == 0)) {
          throw new AssertionError("byte " + i + " is wrong, read by " + block);
        }
      }
    }
    assertThat(mount.traffic().failures()).isPositive();
    assertThat(mount.traffic().lastFailure()).contains("injected fault");
    byte[] start = new byte[2 * MIB];
    try (var file = new java.io.RandomAccessFile(point.resolve("disk.img").toFile(), "r")) {
      file.seek(4096);
      int count = 0;
      while (count < MIB + 4096) {
        count += file.read(start, count, MIB + 4096 - count);
      }
      assertThat(java.util.Arrays.copyOf(start, count))
          .isEqualTo(java.util.Arrays.copyOfRange(bytes, 4096, 4096 + count));
      assertThatThrownBy(() -> file.read(start, 0, 4096)).isInstanceOf(IOException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void manyReadersOfADamagedSourceGetRightBytesOrAnError(boolean pageCache) throws Exception {
    byte[] bytes = Content.random(32 * MIB, 7);
    FaultySource source = new FaultySource(new ByteArraySource(bytes));
    Random random = new Random(8);
    boolean[] bad = new boolean[bytes.length / 512];
    for (int i = 0; i < 30; i++) {
      int sector = random.nextInt(bad.length);
      bad[sector] = true;
      source.unreadable(sector * 512L, 512);
    }
    MountOptions options = MountOptions.defaults();
    mount(
        new FixedDirectory(Map.of("disk.img", new SourceFile(source, WHEN)), WHEN),
        pageCache ? options.withPageCache() : options);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    AtomicInteger errors = new AtomicInteger();
    long end = System.nanoTime() + Duration.ofSeconds(2).toNanos();
    List<Thread> readers = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      int seed = i;
      Thread reader =
          new Thread(
              () -> {
                try (FileChannel file = FileChannel.open(point.resolve("disk.img"))) {
                  Random own = new Random(seed);
                  int at = 0;
                  while (System.nanoTime() < end) {
                    int length = 1 + own.nextInt(300_000);
                    at = seed % 2 == 0 ? at : own.nextInt(bytes.length);
                    ByteBuffer target = ByteBuffer.allocate(length);
                    try {
                      int count = file.read(target, at);
                      assertThat(count).isPositive();
                      assertThat(Arrays.mismatch(target.array(), 0, count, bytes, at, at + count))
                          .isEqualTo(-1);
                      for (int sector = at / 512; sector <= (at + count - 1) / 512; sector++) {
                        assertThat(bad[sector]).isFalse();
                      }
                    } catch (IOException e) {
                      errors.incrementAndGet();
                    }
                    at = (at + length) % bytes.length;
                  }
                } catch (Throwable e) {
                  failure.set(e);
                }
              });
      readers.add(reader);
      reader.start();
    }
    for (Thread reader : readers) {
      reader.join();
    }
    assertThat(failure.get()).isNull();
    assertThat(errors.get()).isPositive();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dd if=/dev/zero of=disk.img count=1 conv=notrunc status=none",
        "truncate -s 1 disk.img",
        "touch new",
        "mkdir new",
        "rm -f disk.img",
        "mv disk.img new",
      })
  void nothingCanBeChanged(String command) throws IOException {
    mount(Map.of("disk.img", file(new byte[4096])));
    Tool.Ended ended = Tool.named("sh").attempt("-c", "cd '" + point + "' && exec " + command);
    assertThat(ended.status()).isNotZero();
    assertThat(ended.output()).contains("Read-only file system");
  }

  @Test
  void whatIsNotThereIsNotFound() {
    mount(Map.of("disk.img", file(new byte[4096])));
    assertThatThrownBy(() -> Files.readAllBytes(point.resolve("absent")))
        .isInstanceOf(java.nio.file.NoSuchFileException.class);
  }

  /** Versions of something: numbers that are looked up, never listed to find one. */
  private record Versions(int count, AtomicInteger opened) implements MountDirectory {
    @Override
    public Iterator<String> names() {
      return Stream.concat(
              IntStream.rangeClosed(1, count).mapToObj(Integer::toString), Stream.of("latest"))
          .iterator();
    }

    @Override
    public Optional<MountNode> find(String name) {
      if (name.equals("latest")) {
        return Optional.of(new MountLink(Integer.toString(count), WHEN));
      }
      try {
        int number = Integer.parseInt(name);
        return number < 1 || number > count ? Optional.empty() : Optional.of(version(number));
      } catch (NumberFormatException e) {
        return Optional.empty();
      }
    }

    private MountFile version(int number) {
      byte[] content = ("version " + number).getBytes();
      return new MountFile() {
        @Override
        public long size() {
          return content.length;
        }

        @Override
        public Instant modified() {
          return WHEN;
        }

        @Override
        public BlockSource open() {
          opened.incrementAndGet();
          return new ByteArraySource(content);
        }
      };
    }

    @Override
    public Instant modified() {
      return WHEN;
    }
  }

  @Test
  void aHundredThousandVersionsAreListedAtOnceAndOpenedOnlyWhenRead() throws IOException {
    Versions versions = new Versions(100_000, new AtomicInteger());
    mount(Map.of("server01.sda", versions));
    Path names = point.resolve("server01.sda");
    Files.list(names.getParent()).close();
    long before = System.nanoTime();
    try (Stream<Path> listed = Files.list(names)) {
      assertThat(listed.count()).isEqualTo(100_001);
    }
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));
    assertThat(Files.isRegularFile(names.resolve("77777"))).isTrue();
    assertThat(versions.opened()).hasValue(0);
    assertThat(names.resolve("99999")).hasContent("version 99999");
    assertThat(names.resolve("latest")).hasContent("version 100000");
    assertThat(versions.opened()).hasValue(2);
    assertThat(names.resolve("0")).doesNotExist();
  }

  @Test
  void readersAreServedAtTheSameTime() throws Exception {
    BlockSource slow =
        new FaultySource(new ByteArraySource(new byte[64 * 4096])).slow(Duration.ofMillis(300));
    mount(
        new FixedDirectory(Map.of("slow", new SourceFile(slow, WHEN)), WHEN),
        MountOptions.defaults());
    List<Thread> readers = new ArrayList<>();
    long before = System.nanoTime();
    for (int i = 0; i < 12; i++) {
      Thread reader =
          new Thread(
              () -> {
                try (InputStream in = Files.newInputStream(point.resolve("slow"))) {
                  assertThat(in.read(new byte[4096])).isEqualTo(4096);
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      readers.add(reader);
      reader.start();
    }
    for (Thread reader : readers) {
      reader.join();
    }
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofMillis(2400));
  }

  @Test
  void afterUnmountingNothingIsLeft() throws Exception {
    FuseMount mount = mount(Map.of("disk.img", file(new byte[4096])));
    Tool.named("cat").run(point.resolve("disk.img").toString());
    assertThat(mount.unmount()).isEmpty();
    assertThat(mount.ended()).isTrue();
    assertThat(point).doesNotExist();
    assertThat(SystemMounts.all()).noneMatch(found -> found.path().equals(point));
    assertThat(mount.unmount()).isEmpty();
  }

  @Test
  void aBusyMountVanishesGoesOnServingAndSaysWhoUsesIt() throws Exception {
    byte[] bytes = Content.random(8 * MIB, 4);
    FuseMount mount = mount(Map.of("disk.img", file(bytes)));
    Process reader =
        Child.of("sh", "-c", "exec 3<'" + point.resolve("disk.img") + "'; echo; read x; cat <&3")
            .start();
    reader.getInputStream().read();
    List<Holder> holders = mount.unmount();
    assertThat(holders)
        .anySatisfy(
            holder -> {
              assertThat(holder.pid()).isEqualTo(reader.pid());
              assertThat(holder.use()).isEqualTo("has disk.img open");
            });
    assertThat(point.resolve("disk.img")).doesNotExist();
    assertThat(mount.ended()).isFalse();
    reader.getOutputStream().write('\n');
    reader.getOutputStream().close();
    assertThat(reader.getInputStream().readAllBytes()).isEqualTo(bytes);
    reader.waitFor();
    mount.awaitEnd();
  }

  @Test
  void somethingInTheWayIsSaid() throws IOException {
    FixedDirectory root = new FixedDirectory(Map.of("disk.img", file(new byte[1])), WHEN);
    mount(root, MountOptions.defaults());
    assertThatThrownBy(() -> FuseMount.mount(point, root, MountOptions.defaults()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("something is mounted there already");
    Path full = Files.createDirectory(folder.resolve("full"));
    Files.createFile(full.resolve("something"));
    assertThatThrownBy(() -> FuseMount.mount(full, root, MountOptions.defaults()))
        .hasMessageContaining("the directory is not empty");
    assertThatThrownBy(
            () -> FuseMount.mount(full.resolve("something"), root, MountOptions.defaults()))
        .hasMessageContaining("it is no directory");
  }

  @Test
  void manyMountsLeaveNoThreadDescriptorOrMountBehind() throws Exception {
    FixedDirectory root =
        new FixedDirectory(Map.of("disk.img", file(Content.random(4096, 5))), WHEN);
    int threads = 0;
    long descriptors = 0;
    for (int i = 0; i < Effort.of("blksh.mount.rounds", 40, 400); i++) {
      FuseMount mount = mount(root, MountOptions.defaults());
      assertThat(Files.readAllBytes(point.resolve("disk.img"))).hasSize(4096);
      mount.close();
      if (i == 4) {
        threads = servingThreads();
        descriptors = descriptors();
      }
    }
    assertThat(servingThreads()).isLessThanOrEqualTo(threads);
    assertThat(descriptors()).isLessThanOrEqualTo(descriptors + 3);
    assertThat(point).doesNotExist();
  }

  private static int servingThreads() {
    return (int)
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.isAlive() && thread.getName().startsWith("blksh-mount"))
            .count();
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }

  /** Mounts a directory, says so, and serves until it is killed. Argument: where. */
  static final class Serving {
    public static void main(String[] arguments) throws InterruptedException {
      FuseMount mount =
          FuseMount.mount(
              Path.of(arguments[0]),
              new FixedDirectory(Map.of("disk.img", file(Content.random(64 * MIB, 6))), WHEN),
              MountOptions.defaults());
      System.out.println("mounted");
      mount.awaitEnd();
    }
  }

  private Process serve() throws IOException {
    Fuse.need();
    Process process = ChildJvm.start(List.of(), Serving.class, point.toString());
    assertThat(process.inputReader().readLine()).isEqualTo("mounted");
    return process;
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT", "HUP"})
  void aProcessThatIsAskedToEndUnmounts(String signal) throws Exception {
    Process process = serve();
    Tool.named("kill").run("-" + signal, Long.toString(process.pid()));
    process.waitFor();
    assertThat(MountTable.read().at(point)).as(signal).isEmpty();
    assertThat(point).doesNotExist();
  }

  @Test
  void aMountWhoseProcessWasKilledIsRecognisedAndCleanedAway() throws Exception {
    Process process = serve();
    Process reader =
        Child.of("dd", "if=" + point.resolve("disk.img"), "of=/dev/null", "bs=4k").start();
    assertThat(SystemMounts.all()).contains(new SystemMounts.Mounted(point, process.pid(), true));
    process.destroyForcibly().waitFor();
    reader.waitFor();
    assertThatThrownBy(() -> Files.size(point.resolve("disk.img")))
        .isInstanceOf(FileSystemException.class);
    assertThat(SystemMounts.all()).contains(new SystemMounts.Mounted(point, process.pid(), false));
    assertThatThrownBy(
            () ->
                FuseMount.mount(point, new FixedDirectory(Map.of(), WHEN), MountOptions.defaults()))
        .hasMessageContaining("no process any more")
        .hasMessageContaining("prune");
    assertThat(SystemMounts.prune()).contains(point);
    assertThat(MountTable.read().at(point)).isEmpty();
    assertThat(mount(Map.of("disk.img", file(new byte[1]))).path()).isEqualTo(point);
  }
}
