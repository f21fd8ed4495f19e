package blksh.drive.ssh;

import static blksh.drive.ssh.Machines.disk;
import static blksh.drive.ssh.Machines.reach;
import static blksh.drive.ssh.Machines.store;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.PageTarget;
import blksh.block.TargetTerms;
import blksh.kit.Content;
import blksh.kit.LoopDevice;
import blksh.kit.Sshd;
import blksh.kit.Tool;
import blksh.kit.Wire;
import blksh.store.CaptureOptions;
import blksh.store.Manifest;
import blksh.store.RestoreOptions;
import blksh.store.RestoreResult;
import blksh.store.Store;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Drives and files of a machine that a real sshd leads to, written over by restores. */
class RemoteTargetTest {

  private static final int MIB = 1 << 20;
  private static final RestoreOptions NEW = RestoreOptions.defaults();
  private static final RestoreOptions OVER = NEW.withOverwrite(true);
  private static final RestoreOptions CHANGED = OVER.withOnlyChanged(true);

  @TempDir Path folder;

  private Sshd sshd;
  private Store store;

  @BeforeEach
  void begin() throws Exception {
    sshd = Sshd.in(folder.resolve("sshd"), "");
    store = store(folder);
  }

  @AfterEach
  void end() throws IOException {
    if (store != null) {
      store.close();
    }
    if (sshd != null) {
      sshd.close();
    }
  }

  private Manifest captured(Path disk) throws IOException {
    try (BlockSource source = BlockSources.open(disk)) {
      return store.capture(source, "a", CaptureOptions.defaults(), Task.unwatched()).manifest();
    }
  }

  private RestoreResult restore(
      RemoteHost host, Manifest manifest, Path target, RestoreOptions options) {
    return restore(host, manifest, target, options, Task.unwatched());
  }

  private RestoreResult restore(
      RemoteHost host, Manifest manifest, Path target, RestoreOptions options, Task task) {
    TargetTerms terms =
        new TargetTerms(
            manifest.size(), options.overwrite(), options.onlyChanged(), options.dryRun());
    return store.restore(manifest, host.target(target.toString(), terms), options, task);
  }

  private static void assertBegins(Path file, Path like) throws IOException {
    byte[] expected = Files.readAllBytes(like);
    byte[] there = Files.readAllBytes(file);
    assertThat(Arrays.mismatch(Arrays.copyOf(there, expected.length), expected)).isEqualTo(-1);
  }

  private List<String> partsLeft() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".part"))
          .toList();
    }
  }

  // ---- files ---------------------------------------------------------------------------------

  @Test
  void aNewFileIsSparseAndItsOwnersAlone() throws Exception {
    Path disk = disk(folder.resolve("disk"), 5 * MIB + 777, 1);
    Manifest manifest = captured(disk);
    Path target = folder.resolve("target");
    try (RemoteHost host = reach(sshd.ssh("chief"))) {
      RestoreResult done = restore(host, manifest, target, NEW);
      assertThat(Files.mismatch(target, disk)).isEqualTo(-1);
      assertThat(done.target()).isEqualTo("ssh://srv" + target);
      assertThat(done.writtenBytes()).isBetween(2L * MIB, 3L * MIB);
      assertThat((Long) Files.getAttribute(target, "unix:size")).isEqualTo(5L * MIB + 777);
      assertThat(blocks(target)).isLessThan(3L * MIB);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target)))
          .isEqualTo("rw-------");
      assertThat(partsLeft()).isEmpty();
      assertThatThrownBy(() -> restore(host, manifest, target, NEW))
          .isInstanceOf(BlkshException.class)
          .hasMessage(
              "cannot restore to ssh://srv%s: it exists; to write over it, say overwrite = true"
                      .formatted(target)
                  + " (--overwrite)");
    }
  }

  private static long blocks(Path file) throws IOException {
    return 512L * Long.parseLong(Tool.named("stat").answer("-c", "%b", file));
  }

  @Test
  void aFileIsReplacedWhenAllIsThereAndOnlyWhatDiffersIsMoved() throws Exception {
    Path old = Files.write(folder.resolve("disk"), Content.random(8 * MIB, 1));
    Path target = Files.copy(old, folder.resolve("target"));
    Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-r--r--"));
    Tool.named("chown").run("4711:4711", target);
    Object inode = Files.getAttribute(target, "unix:ino");
    byte[] bytes = Files.readAllBytes(old);
    for (int page : new int[] {0, 700, 701, 2047}) {
      bytes[page * 4096 + 17]++;
    }
    Arrays.fill(bytes, MIB, 2 * MIB, (byte) 0);
    Files.write(old, bytes);
    Manifest manifest = captured(old);
    try (RemoteHost host = reach(sshd.ssh("chief"))) {
      RestoreResult dry = restore(host, manifest, target, OVER.withDryRun(true));
      assertThat(dry.writtenBytes()).isEqualTo(4 * 4096 + MIB);
      assertThat(Files.mismatch(target, old)).isEqualTo(17);
      RestoreResult done = restore(host, manifest, target, OVER);
      assertThat(Files.mismatch(target, old)).isEqualTo(-1);
      assertThat(done.movedBytes()).isLessThan(300_000);
      assertThat(Files.getAttribute(target, "unix:ino")).isNotEqualTo(inode);
      assertThat(Files.getAttribute(target, "unix:uid")).isEqualTo(4711);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target)))
          .isEqualTo("rw-r--r--");
    }
  }

  @Test
  void onlyChangedWritesAFileInPlace() throws Exception {
    Path old = Files.write(folder.resolve("disk"), Content.random(3 * MIB + 100, 1));
    Path target = Files.copy(old, folder.resolve("target"));
    Files.write(target, new byte[99_999], StandardOpenOption.APPEND);
    Object inode = Files.getAttribute(target, "unix:ino");
    byte[] bytes = Files.readAllBytes(old);
    bytes[MIB]++;
    Files.write(old, bytes);
    Manifest manifest = captured(old);
    try (RemoteHost host = reach(sshd.ssh("chief"))) {
      RestoreResult done = restore(host, manifest, target, CHANGED);
      assertThat(Files.mismatch(target, old)).isEqualTo(-1);
      assertThat(done.writtenBytes()).isEqualTo(4096);
      assertThat(Files.getAttribute(target, "unix:ino")).isEqualTo(inode);
    }
  }

  @Test
  void whatIsNoPlaceForAFileIsRefused() throws Exception {
    Manifest manifest = captured(Files.write(folder.resolve("disk"), Content.random(9000, 1)));
    try (RemoteHost host = reach(sshd.ssh("chief"))) {
      assertThatThrownBy(() -> restore(host, manifest, Path.of("/dev/sdzz9"), OVER))
          .hasMessageContaining("sdzz9 is no drive there, and nothing is made in /dev");
      assertThat(Path.of("/dev/sdzz9")).doesNotExist();
      assertThatThrownBy(() -> restore(host, manifest, folder, OVER))
          .hasMessageContaining("it is a directory");
      assertThatThrownBy(() -> restore(host, manifest, folder.resolve("no/where"), OVER))
          .hasMessageContaining("its directory does not exist");
      assertThatThrownBy(() -> restore(host, manifest, Path.of("/dev/null"), OVER))
          .hasMessageContaining("neither a file nor a block device");
      Path target = Files.write(folder.resolve("target"), Content.random(MIB, 2));
      try (LoopDevice loop = LoopDevice.attach(target, 512)) {
        for (RestoreOptions options : List.of(OVER, CHANGED, OVER.withDryRun(true))) {
          assertThatThrownBy(() -> restore(host, manifest, target, options))
              .hasMessageContaining("it is in use by " + loop.path().getFileName());
        }
      }
      try (BlockSource read = host.open(target.toString())) {
        assertThat(read.size()).isEqualTo(MIB);
        assertThatThrownBy(() -> restore(host, manifest, target, OVER))
            .hasMessageContaining("it is what is being read");
      }
      assertThat(Files.readAllBytes(target)).isEqualTo(Content.random(MIB, 2));
      assertThat(partsLeft()).isEmpty();
    }
  }

  @Test
  void aNewFileIsWrittenOnceWhicheverWayItIsNamed() throws Exception {
    Path there = Files.createDirectory(folder.resolve("there"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), there);
    TargetTerms terms = new TargetTerms(4096, false, false, false);
    try (RemoteHost host = reach(sshd.ssh("chief"));
        PageTarget begun = host.target(there.resolve("new").toString(), terms)) {
      assertThatThrownBy(() -> host.target(link.resolve("new").toString(), terms))
          .hasMessageContaining("being written by another restore");
      byte[] page = Content.random(4096, 9);
      begun.write(0, page, 0, 4096, BitSet.valueOf(new long[] {1}));
      assertThat(begun.finish()).isEmpty();
      assertThat(there.resolve("new")).hasBinaryContent(page);
    }
  }

  @Test
  void aFailureOnTheWayLeavesTheOldFileAndNoPart() throws Exception {
    Path disk = Files.write(folder.resolve("disk"), Content.random(2 * MIB, 1));
    Path target = Files.write(folder.resolve("target"), new byte[] {1, 2, 3});
    Manifest manifest = captured(disk);
    Task task = new Task("restore", "a");
    try (RemoteHost host = reach(sshd.ssh("chief"))) {
      TargetTerms terms = new TargetTerms(manifest.size(), true, false, false);
      try (PageTarget begun = host.target(target.toString(), terms)) {
        begun.write(0, Content.random(4096, 9), 0, 4096, BitSet.valueOf(new long[] {1}));
        assertThat(partsLeft()).hasSize(1);
        assertThatThrownBy(() -> restore(host, manifest, target, OVER))
            .hasMessageContaining("being written by another restore");
      }
      assertThat(partsLeft()).isEmpty();
      task.cancel();
      assertThatThrownBy(() -> restore(host, manifest, target, OVER, task))
          .hasMessageContaining("interrupted");
      assertThat(partsLeft()).isEmpty();
      assertThat(Files.readAllBytes(target)).containsExactly(1, 2, 3);
    }
  }

  // ---- drives --------------------------------------------------------------------------------

  @Test
  void ofADriveOnlyWhatDiffersIsWrittenAndWhatLiesBehindStays() throws Exception {
    Path disk = disk(folder.resolve("disk"), 12 * MIB, 1);
    Manifest manifest = captured(disk);
    byte[] behind = Content.random(MIB, 5);
    Path backing = Files.write(folder.resolve("backing"), Content.random(12 * MIB, 7));
    Files.write(backing, behind, StandardOpenOption.APPEND);
    try (RemoteHost host = reach(sshd.ssh("chief"));
        LoopDevice loop = LoopDevice.attach(backing, 512)) {
      assertThatThrownBy(() -> restore(host, manifest, loop.path(), NEW))
          .hasMessageContaining("it exists");
      RestoreResult first = restore(host, manifest, loop.path(), OVER);
      assertThat(first.writtenBytes()).isEqualTo(12L * MIB);
      assertThat(first.movedBytes()).isBetween(3L * MIB, 6L * MIB);
      assertBegins(backing, disk);
      byte[] all = Files.readAllBytes(backing);
      assertThat(Arrays.copyOfRange(all, 12 * MIB, 13 * MIB)).isEqualTo(behind);
      // What lay elsewhere before differs where it lies now.
      byte[] moved = Files.readAllBytes(disk);
      System.arraycopy(moved, 0, moved, 64 << 10, 64 << 10);
      moved[moved.length - 1] = 7;
      Files.write(disk, moved);
      Manifest next = captured(disk);
      RestoreResult second = restore(host, next, loop.path(), CHANGED);
      assertThat(second.writtenBytes()).isEqualTo((64 << 10) + 4096);
      assertThat(second.movedBytes()).isLessThan(300_000);
      assertBegins(backing, disk);
    }
  }

  @Test
  void aDriveThatIsUsedOrTooSmallIsRefusedBeforeAByteIsWritten() throws Exception {
    Manifest manifest = captured(disk(folder.resolve("disk"), 24 * MIB, 1));
    Path small = Files.write(folder.resolve("small"), Content.random(24 * MIB - 512, 2));
    Path used = folder.resolve("used");
    Tool.named("mkfs.ext4").run("-q", "-F", used, "32M");
    Path mounted = Files.createDirectories(folder.resolve("mounted"));
    try (RemoteHost host = reach(sshd.ssh("chief"));
        LoopDevice less = LoopDevice.attach(small, 512);
        LoopDevice loop = LoopDevice.attach(used, 512)) {
      byte[] before = Files.readAllBytes(small);
      for (RestoreOptions options : List.of(OVER, CHANGED, OVER.withDryRun(true))) {
        assertThatThrownBy(() -> restore(host, manifest, less.path(), options))
            .hasMessageContaining("it has 25165312 bytes and the image 25165824")
            .hasMessageContaining("backing file " + small);
      }
      assertThat(Files.readAllBytes(small)).isEqualTo(before);
      Tool.named("mount").run(loop.path(), mounted);
      try {
        for (RestoreOptions options : List.of(OVER, CHANGED, OVER.withDryRun(true))) {
          assertThatThrownBy(() -> restore(host, manifest, loop.path(), options))
              .hasMessageContaining(" is mounted on " + mounted)
              .hasMessageContaining("unmount it first");
        }
      } finally {
        Tool.named("umount").run(mounted);
      }
      try (LoopDevice above = LoopDevice.attach(loop.path(), 512)) {
        assertThatThrownBy(() -> restore(host, manifest, loop.path(), OVER))
            .hasMessageContaining(" is in use by " + above.path().getFileName());
      }
      Process guest =
          Tool.named("sh").start("-c", "exec 5<>%s; echo open; read end".formatted(loop.path()));
      try {
        assertThat(guest.inputReader().readLine()).isEqualTo("open");
        assertThatThrownBy(() -> restore(host, manifest, loop.path(), OVER))
            .hasMessageContaining(" is open for writing by process " + guest.pid() + " (sh)");
      } finally {
        guest.destroyForcibly().waitFor();
      }
      Tool.named("blockdev").run("--setro", loop.path());
      try {
        assertThatThrownBy(() -> restore(host, manifest, loop.path(), OVER))
            .hasMessageContaining("it is read-only");
      } finally {
        Tool.named("blockdev").run("--setrw", loop.path());
      }
    }
  }

  @Test
  void aTableOfOtherSectorsIsRefused() throws Exception {
    byte[] bytes = Content.random(4 * MIB, 1);
    Arrays.fill(bytes, 440, 512, (byte) 0);
    // A master boot record with a partition of Linux, from sector 2048 on, of 2048.
    ByteBuffer table = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    table.put(446 + 4, (byte) 0x83).putInt(446 + 8, 2048).putInt(446 + 12, 2048);
    table.putShort(510, (short) 0xaa55);
    Path disk = Files.write(folder.resolve("disk"), bytes);
    Manifest manifest = captured(disk);
    Path backing = Files.write(folder.resolve("backing"), Content.random(4 * MIB, 7));
    try (RemoteHost host = reach(sshd.ssh("chief"));
        LoopDevice loop = LoopDevice.attach(backing, 4096)) {
      assertThatThrownBy(() -> restore(host, manifest, loop.path(), OVER))
          .hasMessageContaining("counts in sectors of 512 bytes, but the drive has 4096");
      assertThat(Files.readAllBytes(backing)).isEqualTo(Content.random(4 * MIB, 7));
      restore(host, manifest, loop.path(), OVER.withAnySectors(true));
      assertBegins(backing, disk);
    }
  }

  // ---- cuts ----------------------------------------------------------------------------------

  @Test
  void afterACutItGoesOnAndAllIsComparedOnceMore() throws Exception {
    Path disk = Files.write(folder.resolve("disk"), Content.random(5 * MIB, 1));
    Manifest manifest = captured(disk);
    Path backing = Files.write(folder.resolve("backing"), Content.random(5 * MIB, 7));
    Path target = Files.write(folder.resolve("target"), Content.random(5 * MIB, 8));
    try (Wire wire = Wire.to(sshd.port()).cut(20_000, 1);
        RemoteHost host = reach(sshd.ssh("chief", wire.port()));
        LoopDevice loop = LoopDevice.attach(backing, 512)) {
      Task task = new Task("restore", "a");
      restore(host, manifest, loop.path(), OVER, task);
      assertBegins(backing, disk);
      assertThat(host.reconnects()).isPositive();
      assertThat(task.notes()).anyMatch(note -> note.contains("was cut and made again"));
      wire.cut(wire.fromServer() + 20_000, wire.cuts() + 1);
      int before = host.reconnects();
      restore(host, manifest, target, OVER);
      assertThat(Files.mismatch(target, disk)).isEqualTo(-1);
      assertThat(host.reconnects()).isGreaterThan(before);
      assertThat(partsLeft()).isEmpty();
    }
  }

  /** What is open, and how it went over to another connection. */
  private static final class Watched extends RemoteChannel {
    private final byte[] path;
    private final List<Boolean> settled = new ArrayList<>();

    Watched(RemoteHost host, Path path) {
      super(host, "ssh://srv" + path, "read");
      this.path = path.toString().getBytes(UTF_8);
    }

    @Override
    CompletableFuture<AgentFrame> request(AgentLink next) {
      return next.request(AgentFrame.OPEN, channel(), path);
    }

    @Override
    void opened(AgentLink next, AgentFrame answer) {}

    @Override
    Runnable goOn(AgentLink next) {
      // Nothing can be sent on the new one before what was sent has numbers of it.
      settled.add(Thread.holdsLock(this) && lastLink() != next);
      return () -> settled.add(!Thread.holdsLock(this) && lastLink() == next);
    }

    @Override
    BlkshException refused(AgentFrame answer) {
      return failure(answer);
    }

    @Override
    BlkshException failure(AgentFrame failed) {
      return new BlkshException("read", AgentLink.text(failed));
    }
  }

  @Test
  void nothingIsSentOnANewConnectionBeforeWhatWasSentHasItsNumbers() throws Exception {
    Path disk = Files.write(folder.resolve("disk"), Content.random(4096, 1));
    try (RemoteHost host = reach(sshd.ssh("chief"))) {
      assertThat(host.limits()).isEmpty();
      Watched open = new Watched(host, disk);
      open.ready().close();
      open.ready();
      assertThat(open.settled).containsExactly(true, true, true, true);
      open.leave();
    }
  }

  @Test
  void afterACutAnotherDriveIsRefused() throws Exception {
    Manifest manifest = captured(Files.write(folder.resolve("disk"), Content.random(MIB, 1)));
    Path backing = Files.write(folder.resolve("backing"), Content.random(MIB, 7));
    Path other = Files.write(folder.resolve("other"), Content.random(MIB, 8));
    Path link = folder.resolve("link");
    try (Wire wire = Wire.to(sshd.port());
        RemoteHost host = reach(sshd.ssh("chief", wire.port()));
        LoopDevice loop = LoopDevice.attach(backing, 512);
        LoopDevice next = LoopDevice.attach(other, 512)) {
      Files.createSymbolicLink(link, loop.path());
      TargetTerms terms = new TargetTerms(manifest.size(), true, false, false);
      try (PageTarget target = host.target(link.toString(), terms)) {
        Files.delete(link);
        Files.createSymbolicLink(link, next.path());
        wire.cut(1, 1);
        byte[] page = Content.random(4096, 9);
        assertThatThrownBy(
                () -> {
                  target.write(0, page, 0, 4096, BitSet.valueOf(new long[] {1}));
                  target.finish();
                })
            .hasMessageContaining("there is another drive now")
            .hasMessageContaining("restore it once more");
      }
      assertThat(Files.readAllBytes(other)).isEqualTo(Content.random(MIB, 8));
    }
  }

  // ---- who may -------------------------------------------------------------------------------

  @Test
  void whoMayNotWriteThereIsToldOfSudo() throws Exception {
    Manifest manifest = captured(Files.write(folder.resolve("disk"), Content.random(MIB, 1)));
    Path backing = Files.write(folder.resolve("backing"), Content.random(MIB, 7));
    try (RemoteHost host = reach(sshd.ssh("plain"));
        LoopDevice loop = LoopDevice.attach(backing, 512)) {
      assertThatThrownBy(() -> restore(host, manifest, loop.path(), OVER))
          .hasMessageContaining("Permission denied")
          .hasMessageContaining("--sudo");
      assertThat(Files.readAllBytes(backing)).isEqualTo(Content.random(MIB, 7));
    }
  }

  @Test
  void whatIsOpenForReadingIsNotWritten() throws Exception {
    Path disk = Files.write(folder.resolve("disk"), Content.random(MIB, 1));
    try (RemoteHost host = reach(sshd.ssh("chief"));
        BlockSource source = host.open(disk.toString())) {
      AgentLink link = ((RemoteDrive) source).lastLink();
      int channel = ((RemoteDrive) source).channel();
      link.teachTargets();
      for (int kind : new int[] {AgentFrame.FINISH, AgentFrame.DROP}) {
        AgentFrame answer = link.request(kind, channel, new byte[0]).get();
        assertThat(AgentLink.text(answer)).contains("open for reading");
      }
      assertThat(Files.readAllBytes(disk)).isEqualTo(Content.random(MIB, 1));
    }
  }
}
