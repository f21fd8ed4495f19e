package blksh.drive.ssh;

import static blksh.drive.ssh.Machines.assertHolds;
import static blksh.drive.ssh.Machines.capture;
import static blksh.drive.ssh.Machines.disk;
import static blksh.drive.ssh.Machines.reach;
import static blksh.drive.ssh.Machines.store;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.cache.Cache;
import blksh.cache.CacheOptions;
import blksh.cache.RescueOptions;
import blksh.cache.RescueReport;
import blksh.kit.Await;
import blksh.kit.Content;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import blksh.store.CaptureOptions;
import blksh.store.CaptureResult;
import blksh.store.Store;
import blksh.store.VerifyOptions;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Machines whose agent does not say what is so: our own agent, with something changed in it. */
class LyingMachineTest {

  @TempDir Path folder;

  private Path ssh(String lie) throws IOException {
    return Machines.lying(folder, lie);
  }

  @Test
  void onlyWhoTellsTheTruthIsBelieved() throws IOException {
    Path disk = disk(folder.resolve("disk"), 1 << 20, 1);
    try (RemoteHost host = reach(ssh("pass"));
        Store store = store(folder)) {
      assertHolds(store, capture(store, host, disk, "a"), disk);
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "a page that was changed | does not have the digest"
            + " | lie(68, lambda k, c, n, p: (k, c, n, b'\\0' + p[1:7] + bytes(len(p[7:])))"
            + " if p[0] == 0 else (k, c, n, b'\\1' + p[1:7]"
            + " + zlib.compress(b'x' * len(agent['unpacked'](p[0], p[7:], 1 << 20)))))",
        "a page that zstd makes another | does not have the digest"
            + " | lie(68, lambda k, c, n, p: (k, c, n, b'\\2' + p[1:7]"
            + " + agent['LibraryZstd']().pack(b'x' * len(agent['unpacked'](p[0], p[7:], 1 << 20)), 1)))",
        "bytes that zstd lets grow | cannot be unpacked"
            + " | lie(68, lambda k, c, n, p: (k, c, n, b'\\2' + p[1:7]"
            + " + agent['LibraryZstd']().pack(bytes(50000000), 3)))",
        "zstd that is cut off | cannot be unpacked"
            + " | lie(68, lambda k, c, n, p: (k, c, n, b'\\2' + p[1:7]"
            + " + agent['LibraryZstd']().pack(bytes(len(agent['unpacked'](p[0], p[7:], 1 << 20))), 1)[:-3]))",
        "garbage for zstd | cannot be unpacked"
            + " | lie(68, lambda k, c, n, p: (k, c, n, b'\\2' + p[1:7] + b'(\\xb5/\\xfd' + b'\\xff' * 90))",
        "a packing nobody knows | wrong length"
            + " | lie(68, lambda k, c, n, p: (k, c, n, b'\\3' + p[1:]))",
        "a page too short | wrong length"
            + " | lie(68, lambda k, c, n, p: (k, c, n, b'\\0' + p[1:7] + b'short'))",
        "bytes that grow | cannot be unpacked"
            + " | lie(68, lambda k, c, n, p: (k, c, n, b'\\1' + p[1:7] + zlib.compress(bytes(50000000))))",
        "pages nobody asked for | not asked"
            + " | lie(68, lambda k, c, n, p: (k, c, n, p[:1] + b'\\xff' * 6 + p[7:]))",
        "answers to no question | not asked" + " | lie(67, lambda k, c, n, p: (k, c, n + 1000, p))",
        "too few digests | too few digests | lie(67, lambda k, c, n, p: (k, c, n, p[:40]))",
        "too many digests | another length"
            + " | lie(67, lambda k, c, n, p: (k, c, n, p + bytes(32)))",
        "kinds of pages | neither data nor zeros"
            + " | lie(67, lambda k, c, n, p: (k, c, n, b'\\7' + p[1:]))",
        "unreadable ranges elsewhere | not in what was asked for"
            + " | lie(67, lambda k, c, n, p: (k, c, n, p[:-4] + struct.pack('!III', 1, 1 << 30, 5)))",
        "more unreadable ranges than sectors | more unreadable ranges"
            + " | lie(67, lambda k, c, n, p: (k, c, n, p[:-4] + struct.pack('!I', 600)"
            + " + b''.join(struct.pack('!II', 9 * i, 1) for i in range(600))))",
        "unreadable ranges that touch | not in what was asked for"
            + " | lie(67, lambda k, c, n, p: (k, c, n, p[:-4]"
            + " + struct.pack('!IIIII', 2, 0, 512, 512, 512)))",
        "an answer of another kind | something else"
            + " | lie(67, lambda k, c, n, p: (69, c, n, p))",
        "an answer without end | claims to have"
            + " | lie(67, lambda k, c, n, p: os.write(1, b'\\xff' * 100))",
        "garbage | no kind that is known | lie(67, lambda k, c, n, p: os.write(1, bytes(100)))",
        "a drive without size | no size | lie(66, lambda k, c, n, p: (k, c, n, b'{}'))",
        "no JSON | not told as an agent does | lie(66, lambda k, c, n, p: (k, c, n, b'[' * 9999))",
        "another agent | not the one that was sent"
            + " | lie(65, lambda k, c, n, p: (k, c, n, b'{\"version\": 7}'))",
      })
  void whoLiesIsRefusedAndNothingIsKept(String lie, String told, String change) throws IOException {
    Path disk = disk(folder.resolve("disk"), 1 << 20, 1);
    try (RemoteHost host = reach(ssh(change));
        Store store = store(folder)) {
      assertThatThrownBy(() -> capture(store, host, disk, "a"))
          .as(lie)
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining(told);
      assertThat(host.reconnects()).isZero();
      assertThat(store.names()).isEmpty();
      assertThat(store.verify(VerifyOptions.full(), Task.unwatched()).clean()).isTrue();
    }
  }

  private static final String FAILING_READS =
      """
      real = os.pread
      def pread(fd, count, at):
          if at < 4608 and at + count > 4096:
              raise OSError(%d, os.strerror(%d))
          return real(fd, count, at)
      os.pread = pread
      def preadv(*what):
          raise OSError(22, "Invalid argument")
      os.preadv = preadv
      """;

  @Test
  void aDriveThatDoesNotTakeDirectReadsLosesNoSectorThatCanBeRead() throws IOException {
    Path disk = Files.write(folder.resolve("disk"), Content.random(1 << 20, 1));
    try (LoopDevice loop = LoopDevice.attach(disk, 512);
        RemoteHost host = reach(ssh(FAILING_READS.formatted(5, 5)));
        Store store = store(folder)) {
      CaptureResult captured = capture(store, host, loop.path(), "a");
      assertThat(captured.bad()).containsExactly(new Extent(4096, 512, Extent.Kind.BAD));
    }
  }

  private static final String OLD_PYTHON =
      """
      del os.preadv
      real = os.pread
      def pread(fd, count, at):
          if at < 8192 and at + count > 4096:  # the page cache fails by pages
              raise OSError(5, os.strerror(5))
          return real(fd, count, at)
      os.pread = pread
      readv = os.readv
      def failing(fd, parts):
          at = os.lseek(fd, 0, os.SEEK_CUR)
          if at < 4608 and at + sum(map(len, parts)) > 4096:
              raise OSError(5, os.strerror(5))
          return readv(fd, parts)
      os.readv = failing
      """;

  @Test
  void anOldPythonLosesNoSectorBesideABadOne() throws IOException {
    byte[] all = Content.random(1 << 20, 1);
    Path disk = Files.write(folder.resolve("disk"), all);
    try (LoopDevice loop = LoopDevice.attach(disk, 512);
        RemoteHost host = reach(ssh(OLD_PYTHON));
        Store store = store(folder)) {
      CaptureResult captured = capture(store, host, loop.path(), "a");
      assertThat(captured.bad()).containsExactly(new Extent(4096, 512, Extent.Kind.BAD));
      byte[] held = new byte[3584];
      try (BlockSource source = store.source(captured.manifest())) {
        source.read(4608, ByteBuffer.wrap(held));
      }
      assertThat(held).isEqualTo(java.util.Arrays.copyOfRange(all, 4608, 8192));
    }
  }

  /** Says of each sector of a page how often it was tried. */
  private static final String TRIED =
      """
      real = os.pread
      tried = {}
      def pread(fd, count, at):
          if at < 8192 and at + count > 4096:
              for sector in range(max(8, at // 512), min(16, (at + count + 511) // 512)):
                  tried[sector] = tried.get(sector, 0) + (count <= 512)
              with open("%s", "w") as file:
                  file.write(" ".join(str(tried[each]) for each in sorted(tried)))
              if not (at == 4096 and count == 512 and tried[8] > 2):
                  raise OSError(5, os.strerror(5))
          return real(fd, count, at)
      os.pread = pread
      """;

  @Test
  void aRescueTriesABadSectorInEachPassAndNothingBesideIt() throws IOException {
    byte[] all = Content.random(256 << 10, 1);
    Path disk = Files.write(folder.resolve("disk"), all);
    Path tried = folder.resolve("tried");
    try (RemoteHost host = reach(ssh(TRIED.formatted(tried)));
        Cache cache =
            Cache.open(
                host.open(disk.toString()), folder.resolve("cache"), CacheOptions.defaults())) {
      RescueReport report = cache.rescue(RescueOptions.defaults().withRetries(1), Task.unwatched());
      assertThat(report.badBytes()).isEqualTo(7 * 512);
      ByteBuffer sector = ByteBuffer.allocate(512);
      assertThat(cache.read(4096, sector)).isEqualTo(512);
      assertThat(sector.array()).isEqualTo(java.util.Arrays.copyOfRange(all, 4096, 4608));
      // Once with its block, and twice each when it was scraped and in the pass.
      assertThat(Files.readString(tried)).isEqualTo("3 5 5 5 5 5 5 5");
    }
  }

  @Test
  void aReadThatFailsForWantOfMemoryIsNoBadSector() throws IOException {
    Path disk = Files.write(folder.resolve("disk"), Content.random(1 << 20, 1));
    try (RemoteHost host = reach(ssh(FAILING_READS.formatted(12, 12)));
        Store store = store(folder)) {
      assertThatThrownBy(() -> capture(store, host, disk, "a"))
          .hasMessageContaining("Cannot allocate memory");
      assertThat(store.names()).isEmpty();
    }
  }

  @Test
  void theTroubleOfOneDriveIsNoneOfTheOthers() throws IOException {
    Path one = disk(folder.resolve("one"), 1 << 20, 1);
    Path two = disk(folder.resolve("two"), 1 << 20, 2);
    String fails =
        "lie(67, lambda k, c, n, p: (73, c, n, struct.pack('!I', 12) + b'no memory')"
            + " if c == 1 else (k, c, n, p))";
    try (RemoteHost host = reach(ssh(fails));
        Store store = store(folder);
        BlockSource first = host.open(one.toString());
        BlockSource second = host.open(two.toString())) {
      assertThatThrownBy(
              () -> store.capture(first, "one", CaptureOptions.defaults(), Task.unwatched()))
          .hasMessageContaining("cannot read ssh://srv" + one)
          .hasMessageContaining("no memory");
      CaptureResult captured =
          store.capture(second, "two", CaptureOptions.defaults(), Task.unwatched());
      assertHolds(store, captured, two);
      assertThat(host.reconnects()).isZero();
    }
  }

  @Test
  void aMachineThatOnlySaysThatItLivesIsNotWaitedForForEver() throws IOException {
    Path disk = disk(folder.resolve("disk"), 1 << 20, 1);
    try (RemoteHost host = reach(ssh("lie(67, lambda k, c, n, p: (72, 0, 0, b''))"));
        Store store = store(folder)) {
      host.answeringWithin(Duration.ofSeconds(2));
      assertThatThrownBy(() -> capture(store, host, disk, "a"))
          .hasMessageContaining("the drive there has not answered for");
    }
    String half = "lie(68, lambda k, c, n, p: (72, 0, 0, b'') if n % 2 else (k, c, n, p))";
    try (RemoteHost host = reach(ssh(half));
        Store store = store(folder)) {
      host.answeringWithin(Duration.ofSeconds(2));
      assertThatThrownBy(() -> capture(store, host, disk, "a"))
          .hasMessageContaining("the drive there has not answered for");
    }
  }

  @Test
  void aDriveWhoseBadSectorsAreTriedOneByOneIsWaitedFor() throws IOException {
    Path disk = Files.write(folder.resolve("disk"), Content.random(64 << 10, 1));
    String slow =
        """
        import time
        real = os.pread
        def pread(fd, count, at):
            if at < 12288 and at + count > 4096:
                time.sleep(0.3)
                raise OSError(5, "Input/output error")
            return real(fd, count, at)
        os.pread = pread
        """;
    try (RemoteHost host = reach(ssh(slow));
        Store store = store(folder)) {
      host.answeringWithin(Duration.ofSeconds(3));
      CaptureResult captured = capture(store, host, disk, "a");
      assertThat(captured.bad()).containsExactly(new Extent(4096, 8192, Extent.Kind.BAD));
    }
  }

  @Test
  void aLoginThatSaysNothingEndsWithItsHost() throws Exception {
    Path ssh = folder.resolve("silent");
    Path begun = folder.resolve("begun");
    Files.writeString(ssh, "#!/bin/sh\n: >'" + begun + "'\nexec sleep 600\n");
    Files.setPosixFilePermissions(ssh, PosixFilePermissions.fromString("rwxr-xr-x"));
    ExecutorService thread = Executors.newSingleThreadExecutor();
    RemoteHost host = reach(ssh);
    try {
      Future<BlockSource> opened = thread.submit(() -> host.open("/dev/sda"));
      Await.await(() -> Files.exists(begun));
      host.close();
      assertThatThrownBy(() -> opened.get(20, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class);
    } finally {
      thread.shutdownNow();
    }
  }

  @Test
  void answersForADriveThatWasNeverOpenedAreRefused() throws IOException {
    Path disk = disk(folder.resolve("disk"), 1 << 20, 1);
    try (RemoteHost host = reach(ssh("lie(67, lambda k, c, n, p: (k, 999, n + 1000, p))"));
        Store store = store(folder)) {
      assertThatThrownBy(() -> capture(store, host, disk, "a"))
          .hasMessageContaining("it answers what was not asked");
    }
  }

  @Test
  void anAnswerThatIsLargerThanWhatWasAskedForIsRefusedBeforeItIsKept() throws IOException {
    Path disk = disk(folder.resolve("disk"), 1 << 20, 1);
    try (RemoteHost host = reach(ssh("lie(69, lambda k, c, n, p: (k, c, n, bytes(4 << 20)))"));
        BlockSource source = host.open(disk.toString())) {
      assertThatThrownBy(() -> source.read(0, ByteBuffer.allocate(4096)))
          .hasMessageContaining("claims to have 4194304 bytes");
    }
  }

  @Test
  void aCaptureThatHasAllIsPublishedThoughTheWireDiesThen() throws IOException {
    Path disk = disk(folder.resolve("disk"), 1 << 20, 1);
    String dies = "Channel.size = lambda self, number: os._exit(1)";
    try (RemoteHost host = reach(ssh(dies));
        Store store = store(folder)) {
      Task task = Task.unwatched();
      assertHolds(store, capture(store, host, disk, "a", task), disk);
      assertThat(task.notes()).anyMatch(note -> note.contains("is not known"));
    }
  }

  @Test
  void aListThatCannotBeMadeIsToldAndEndsNothing() throws IOException {
    Path disk = disk(folder.resolve("disk"), 1 << 20, 1);
    try (RemoteHost host = reach(ssh("agent['drives'] = lambda: 1 // 0"));
        BlockSource source = host.open(disk.toString())) {
      assertThatThrownBy(() -> host.drives().list()).hasMessageContaining("division");
      ByteBuffer some = ByteBuffer.allocate(4096);
      assertThat(source.read(0, some)).isEqualTo(4096);
    }
  }

  @Test
  void aDriveIsClosedThereWhenItIsClosedHere() throws Exception {
    Path disk = disk(folder.resolve("disk"), 1 << 20, 1);
    try (RemoteHost host = reach(ssh("pass"));
        Store store = store(folder)) {
      for (int i = 0; i < 20; i++) {
        capture(store, host, disk, "a");
      }
      assertThatThrownBy(() -> host.open(folder.toString())).hasMessageContaining("directory");
      Await.await(() -> openByOthers(disk) == 0);
    }
  }

  /** How often other processes have a file open. */
  private static long openByOthers(Path file) throws IOException {
    long found = 0;
    String links =
        Tool.named("find").runAllowing(1, "/proc", "-maxdepth", "3", "-lname", file.toString());
    for (String each : links.split("\n")) {
      found += each.startsWith("/proc/") && each.contains("/fd/") ? 1 : 0;
    }
    return found;
  }

  @Test
  void allHostsShareWhatMayBeOnItsWay() throws IOException {
    Path ssh = ssh("pass");
    try (RemoteHost one = reach(ssh);
        RemoteHost other = reach(ssh)) {
      one.beginSweep();
      int alone = one.ahead();
      for (int i = 0; i < 7; i++) {
        other.beginSweep();
      }
      assertThat(one.ahead()).isLessThan(alone).isEqualTo(other.ahead()).isLessThanOrEqualTo(20);
      one.endSweep();
      for (int i = 0; i < 7; i++) {
        other.endSweep();
      }
      // More, when one that an earlier test left behind ended meanwhile.
      assertThat(one.ahead()).isGreaterThanOrEqualTo(alone);
    }
  }

  @Test
  void aDriveThatIsKnownByNothingIsNotGoneOnWith() throws IOException {
    Path disk = Files.write(folder.resolve("disk"), Content.random(1 << 20, 1));
    String bare =
        """
        facts = agent["Reader"].facts
        def known(self):
            all = facts(self)
            return dict((name, all[name]) for name in ("kind", "size", "sector", "boot", "number"))
        agent["Reader"].facts = known
        lie(67, lambda k, c, n, p: os._exit(1))
        """;
    try (LoopDevice loop = LoopDevice.attach(disk, 512);
        RemoteHost host = reach(ssh(bare));
        Store store = store(folder)) {
      assertThatThrownBy(() -> capture(store, host, loop.path(), "a"))
          .hasMessageContaining("nothing tells whether it is the same drive");
      assertThat(store.names()).isEmpty();
    }
  }

  @Test
  void aCaptureThatGetsOnIsNotGivenUpHoweverOftenItIsCut() throws IOException {
    Path disk = Files.write(folder.resolve("disk"), Content.random(1 << 20, 1));
    String cuts =
        """
        count = []
        def once(k, c, n, p):
            if count:
                os._exit(1)
            count.append(1)
            return k, c, n, p
        lie(68, once)
        """;
    try (RemoteHost host = reach(ssh(cuts)).persistingFor(Duration.ofMillis(1));
        Store store = store(folder)) {
      assertHolds(store, capture(store, host, disk, "a"), disk);
      assertThat(host.reconnects()).isGreaterThanOrEqualTo(3);
    }
    try (RemoteHost host =
            reach(ssh("lie(68, lambda k, c, n, p: os._exit(1))"))
                .persistingFor(Duration.ofSeconds(1));
        Store store = store(folder)) {
      Files.write(disk, Content.random(512 << 10, 2));
      assertThatThrownBy(() -> capture(store, host, disk, "b"))
          .hasMessageContaining("cut again and again");
    }
  }
}
