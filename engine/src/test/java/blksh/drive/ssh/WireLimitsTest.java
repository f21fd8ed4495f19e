package blksh.drive.ssh;

import static blksh.drive.ssh.Machines.NOBODY;
import static blksh.drive.ssh.Machines.assertHolds;
import static blksh.drive.ssh.Machines.capture;
import static blksh.drive.ssh.Machines.lying;
import static blksh.drive.ssh.Machines.reach;
import static blksh.drive.ssh.Machines.store;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.PageTarget;
import blksh.block.TargetTerms;
import blksh.kit.Content;
import blksh.kit.Sshd;
import blksh.kit.Wire;
import blksh.store.CaptureOptions;
import blksh.store.CaptureResult;
import blksh.store.RestoreOptions;
import blksh.store.Store;
import blksh.task.Task;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What connections to other machines are held to: bytes a second, and how long is waited. */
class WireLimitsTest {

  private static final int MIB = 1 << 20;

  /** What ssh itself says in a login, and the source of the agent. */
  private static final long LOGIN = 160 << 10;

  @TempDir Path folder;

  private static WireLimits bandwidth(long rate) {
    return new WireLimits(Optional.of(new Bandwidth(rate)), Optional.empty());
  }

  private static WireLimits timeout(Duration time) {
    return new WireLimits(Optional.empty(), Optional.of(time));
  }

  private static double secondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }

  /** That at no time more had passed than was allowed until then, and what could be saved up. */
  private static final class Watch implements AutoCloseable {
    private volatile boolean over;
    private volatile double most;

    Watch(Wire wire, long rate) {
      long began = System.nanoTime();
      Thread thread =
          new Thread(
              () -> {
                while (!over) {
                  double allowed = secondsSince(began) * rate;
                  most = Math.max(most, wire.fromServer() + wire.toServer() - allowed);
                  LockSupport.parkNanos(5_000_000);
                }
              });
      thread.setDaemon(true);
      thread.start();
    }

    /** Bytes by which it was ahead. */
    double most() {
      return most;
    }

    @Override
    public void close() {
      over = true;
    }
  }

  @Test
  void aCaptureAndARestoreMoveNoMoreThanIsAllowed() throws Exception {
    long rate = MIB;
    Path disk = Files.write(folder.resolve("disk"), Content.random(3 * MIB, 1));
    Path copy = folder.resolve("copy");
    try (Sshd sshd = Sshd.in(folder.resolve("sshd"));
        Wire wire = Wire.to(sshd.port());
        RemoteHost host = reach(sshd.ssh("chief", wire.port()), bandwidth(rate));
        Store store = store(folder);
        Watch watch = new Watch(wire, rate)) {
      long began = System.nanoTime();
      CaptureResult captured = capture(store, host, disk, "a");
      assertHolds(store, captured, disk);
      double took = secondsSince(began);
      assertThat(took).isBetween(2.6, 8.0);
      began = System.nanoTime();
      try (PageTarget target =
          host.target(
              copy.toString(), new TargetTerms(disk.toFile().length(), false, false, false))) {
        store.restore(captured.manifest(), target, RestoreOptions.defaults(), Task.unwatched());
      }
      assertThat(secondsSince(began)).isBetween(2.6, 8.0);
      assertThat(Files.mismatch(copy, disk)).isEqualTo(-1);
      assertThat(watch.most()).isLessThan(LOGIN + 0.5 * rate);
      assertThat(host.reconnects()).isZero();
    }
  }

  @Test
  void allThatShareALimitMoveThatMuchTogether() throws Exception {
    long rate = 768 << 10;
    WireLimits limits = bandwidth(rate);
    Path one = Files.write(folder.resolve("one"), Content.random(MIB, 1));
    Path other = Files.write(folder.resolve("other"), Content.random(MIB, 2));
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (Sshd sshd = Sshd.in(folder.resolve("sshd"));
        RemoteHost first = reach(sshd.ssh("chief"), limits);
        RemoteHost second = reach(sshd.ssh("chief"), limits);
        Store store = store(folder)) {
      long began = System.nanoTime();
      Future<CaptureResult> a = threads.submit(() -> capture(store, first, one, "a"));
      Future<CaptureResult> b = threads.submit(() -> capture(store, second, other, "b"));
      assertHolds(store, a.get(), one);
      assertHolds(store, b.get(), other);
      assertThat(secondsSince(began)).isBetween(2.2, 10.0);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void whatIsSaidLaterCountsForTheConnectionThereIs() throws Exception {
    Path one = Files.write(folder.resolve("one"), Content.random(MIB, 1));
    Path other = Files.write(folder.resolve("other"), Content.random(MIB, 2));
    try (RemoteHost host = reach(lying(folder, ""));
        Store store = store(folder)) {
      assertHolds(store, capture(store, host, one, "a"), one);
      host.holdTo(bandwidth(MIB / 2));
      long began = System.nanoTime();
      assertHolds(store, capture(store, host, other, "b"), other);
      assertThat(secondsSince(began)).isBetween(1.6, 10.0);
      host.holdTo(WireLimits.NONE); // says nothing
      assertThat(host.wire().rate()).hasValue((long) MIB / 2);
    }
  }

  private static final String ONE_HANGS =
      """
      import time
      def sending(self, what, channel, number, payload=b""):
          if channel == 1 and what == 67:
              return 0.0
          if channel == 2 and what == 68:
              time.sleep(0.2)
          return send(self, what, channel, number, payload)
      Output.send = sending
      """;

  @Test
  void aDriveThatHangsIsNoticedBesideOneThatIsRead() throws Exception {
    Path hangs = Files.write(folder.resolve("hangs"), Content.random(MIB, 1));
    Path reads = Files.write(folder.resolve("reads"), Content.random(4 * MIB, 2));
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (RemoteHost host = reach(lying(folder, ONE_HANGS)).answeringWithin(Duration.ofSeconds(2));
        Store store = store(folder);
        BlockSource first = host.open(hangs.toString());
        BlockSource second = host.open(reads.toString())) {
      Future<CaptureResult> streaming =
          thread.submit(
              () -> store.capture(second, "b", CaptureOptions.defaults(), Task.unwatched()));
      assertThatThrownBy(
              () -> store.capture(first, "a", CaptureOptions.defaults(), Task.unwatched()))
          .hasMessageContaining("the drive there has not answered for");
      assertThat(streaming.isDone()).isFalse();
      assertHolds(store, streaming.get(), reads);
    } finally {
      thread.shutdownNow();
    }
  }

  @Test
  void whatIsReadByDdIsHeldToItToo() throws Exception {
    Path disk = Files.write(folder.resolve("disk"), Content.random(2 * MIB, 1));
    Path programs = Files.createDirectories(folder.resolve("programs"));
    for (String name : "sh bash dd cat stat printf test blockdev wc".split(" ")) {
      Path found = Path.of("/usr/bin").resolve(name);
      Files.createSymbolicLink(
          programs.resolve(name), Files.exists(found) ? found : Path.of("/usr/sbin").resolve(name));
    }
    try (Sshd sshd = Sshd.in(folder.resolve("sshd"), "", "SetEnv PATH=" + programs);
        RemoteHost host = reach(sshd.ssh("chief"), bandwidth(MIB));
        BlockSource source = host.open(disk.toString())) {
      assertThat(host.limits()).isPresent();
      long began = System.nanoTime();
      ByteBuffer all = ByteBuffer.allocate(2 * MIB);
      source.read(0, all);
      assertThat(secondsSince(began)).isBetween(1.5, 8.0);
      assertThat(all.array()).isEqualTo(Files.readAllBytes(disk));
    }
  }

  @Test
  void aSlowWireIsNotTakenForASilentDrive() throws Exception {
    Path disk = Files.write(folder.resolve("disk"), Content.random(160 << 10, 1));
    WireLimits both =
        new WireLimits(
            Optional.of(new Bandwidth(Bandwidth.LEAST)), Optional.of(Duration.ofSeconds(5)));
    Path ssh = lying(folder, "");
    try (RemoteHost host = reach(ssh, both);
        Store store = store(folder)) {
      long began = System.nanoTime();
      assertHolds(store, capture(store, host, disk, "a"), disk);
      assertThat(secondsSince(began)).isBetween(7.0, 30.0);
      assertThat(host.reconnects()).isZero();
    }
  }

  @Test
  void aConnectionOnWhichNothingComesIsGivenUpInTime() throws Exception {
    Path disk = Files.write(folder.resolve("disk"), Content.random(MIB, 1));
    // It reads, and says not even that it lives.
    String mute =
        "Output.alive = lambda self, asked: None\nlie(67, lambda *a: time.sleep(60) or a)";
    try (RemoteHost host =
            reach(lying(folder, "import time\n" + mute), timeout(Duration.ofSeconds(5)));
        Store store = store(folder)) {
      long began = System.nanoTime();
      assertThatThrownBy(() -> capture(store, host, disk, "a")).isInstanceOf(BlkshException.class);
      assertThat(secondsSince(began)).isBetween(4.5, 25.0);
      assertThat(store.names()).isEmpty();
    }
  }

  @Test
  void aServerThatSaysNothingIsGivenUpInTime() throws IOException {
    try (ServerSocket mute = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        RemoteHost host =
            new RemoteHost(
                "127.0.0.1:" + mute.getLocalPort(),
                false,
                NOBODY,
                timeout(Duration.ofSeconds(5)),
                Optional.of(Path.of("/usr/bin/ssh")))) {
      long began = System.nanoTime();
      assertThatThrownBy(() -> host.open("/dev/sda")).isInstanceOf(BlkshException.class);
      assertThat(secondsSince(began)).isBetween(4.0, 15.0);
    }
  }

  @Test
  void whatIsOutOfBoundsIsRefusedByName() {
    assertThatThrownBy(() -> new Bandwidth(100))
        .hasMessageContaining("100 bytes a second are not from 16384");
    assertThatThrownBy(() -> timeout(Duration.ofSeconds(1)))
        .hasMessageContaining("a timeout of 1s is not from 5 seconds to 7 days");
    assertThatThrownBy(() -> timeout(Duration.ofDays(8))).hasMessageContaining("192h");
  }
}
