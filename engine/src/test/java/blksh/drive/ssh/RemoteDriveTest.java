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
import blksh.block.BlockSources;
import blksh.block.ConcatSource;
import blksh.block.Extent;
import blksh.block.FaultySource;
import blksh.block.SliceSource;
import blksh.block.SourceDigest;
import blksh.cache.Cache;
import blksh.cache.CacheOptions;
import blksh.drive.Drives;
import blksh.filesystem.UsedBlocks;
import blksh.kit.Content;
import blksh.kit.Effort;
import blksh.kit.LoopDevice;
import blksh.kit.Nbdfuse;
import blksh.kit.Sshd;
import blksh.kit.Tool;
import blksh.kit.Wire;
import blksh.store.CaptureOptions;
import blksh.store.CaptureResult;
import blksh.store.Store;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Drives of a machine that a real sshd leads to. */
class RemoteDriveTest {

  private static final int MIB = 1 << 20;

  /** How often a line is cut during one capture. */
  private static final int CUTS = Effort.of("blksh.cut.lines", 10, 20);

  /** What a server is like of which a test wants nothing else. */
  @TempDir static Path shared;

  private static Sshd plain;

  @TempDir Path folder;

  private Sshd sshd;

  private void start() throws Exception {
    if (plain == null) {
      plain = Sshd.in(shared.resolve("sshd"));
    }
    sshd = plain;
  }

  private Sshd start(String before, String... lines) throws Exception {
    sshd = Sshd.in(folder.resolve("sshd"), before, lines);
    return sshd;
  }

  @AfterEach
  void end() throws IOException {
    if (sshd != null && sshd != plain) {
      sshd.close();
    }
  }

  @AfterAll
  static void endPlain() throws IOException {
    if (plain != null) {
      plain.close();
    }
  }

  // ---- what is moved -------------------------------------------------------------------------

  @Test
  void aCaptureMovesWhatTheStoreDoesNotHaveAndASecondNextToNothing() throws Exception {
    start();
    Path disk = disk(folder.resolve("disk"), 24 * MIB + 777, 1);
    try (RemoteHost host = reach(sshd.ssh("chief"));
        Store store = store(folder)) {
      CaptureResult first = capture(store, host, disk, "a");
      assertHolds(store, first, disk);
      assertThat(first.manifest().source().location()).isEqualTo("ssh://srv" + disk);
      // Half is holes or zeros, half of the rest compresses.
      assertThat(first.movedBytes()).isBetween(6L * MIB, 13L * MIB);
      CaptureResult second = capture(store, host, disk, "a");
      assertHolds(store, second, disk);
      assertThat(second.manifest().figures().newPages()).isZero();
      assertThat(second.movedBytes()).isLessThan(12 * MIB * 15 / 1000);
      assertThat(second.manifest().root()).isEqualTo(first.manifest().root());
    }
  }

  @Test
  void oneByteMoreIsOnePageMore() throws Exception {
    start();
    byte[] bytes = new byte[16 * MIB];
    for (int i = 0; i < 4096; i += 7) {
      bytes[i * 4096 + 4095] = (byte) (1 + i % 255);
    }
    for (int i = 3; i < 4096; i += 11) {
      bytes[i * 4096] = 1;
    }
    Path disk = Files.write(folder.resolve("disk"), bytes);
    try (RemoteHost host = reach(sshd.ssh("chief"));
        Store store = store(folder)) {
      assertHolds(store, capture(store, host, disk, "a"), disk);
      bytes[4000 * 4096 + 77] = 1;
      Files.write(disk, bytes);
      CaptureResult second = capture(store, host, disk, "a");
      assertHolds(store, second, disk);
      assertThat(second.manifest().figures().newPages()).isEqualTo(1);
      assertThat(second.movedBytes()).isLessThan(100_000);
    }
  }

  @Test
  void equalPagesAreMovedOnce() throws Exception {
    start();
    byte[] half = Content.random(2 * MIB, 3);
    Path disk = folder.resolve("disk");
    Files.write(disk, half);
    Files.write(disk, half, StandardOpenOption.APPEND);
    Files.write(disk, half, StandardOpenOption.APPEND);
    try (RemoteHost host = reach(sshd.ssh("chief"));
        Store store = store(folder)) {
      CaptureResult captured = capture(store, host, disk, "a");
      assertHolds(store, captured, disk);
      assertThat(captured.movedBytes()).isLessThan(5 * MIB / 2);
    }
  }

  @Test
  void aDryRunMovesNoPage() throws Exception {
    start();
    Path disk = disk(folder.resolve("disk"), 4 * MIB, 1);
    try (RemoteHost host = reach(sshd.ssh("chief"));
        Store store = store(folder);
        BlockSource source = host.open(disk.toString())) {
      CaptureOptions dry = CaptureOptions.defaults().withDryRun(true);
      CaptureResult captured = store.capture(source, "a", dry, Task.unwatched());
      assertThat(captured.manifest().figures().newPages()).isPositive();
      assertThat(captured.movedBytes()).isLessThan(50_000);
    }
  }

  @Test
  void sizesThatAreNoMultipleOfAnything() throws Exception {
    start();
    try (RemoteHost host = reach(sshd.ssh("chief"));
        Store store = store(folder)) {
      for (int size : new int[] {0, 1, 511, 4096, 4097, 5_000_001}) {
        Path disk = Files.write(folder.resolve("disk-" + size), Content.random(size, size));
        assertHolds(store, capture(store, host, disk, "a"), disk);
      }
      Path backing = Files.write(folder.resolve("backing"), Content.random(9767 * 512, 4));
      try (LoopDevice loop = LoopDevice.attach(backing, 512)) {
        CaptureResult captured = capture(store, host, loop.path(), "loop");
        assertHolds(store, captured, backing);
        assertThat(captured.manifest().source().type()).isEqualTo("block device");
      }
      try (LoopDevice loop = LoopDevice.attach(disk(folder.resolve("b4"), MIB, 1), 4096);
          BlockSource source = host.open(loop.path().toString())) {
        assertThat(source.sectorSize()).isEqualTo(4096);
      }
    }
  }

  @Test
  void whatAFileSystemDoesNotUseIsNotRead() throws Exception {
    start();
    Path tree = Files.createDirectories(folder.resolve("tree"));
    Files.write(tree.resolve("one"), Content.random(3 * MIB, 1));
    Path image = folder.resolve("ext4");
    Tool.named("mkfs.ext4").run("-q", "-F", "-d", tree, image, "64M");
    try (RemoteHost host = reach(sshd.ssh("chief"));
        Store store = store(folder);
        BlockSource far = UsedBlocks.skipFree(host.open(image.toString()));
        BlockSource near = UsedBlocks.skipFree(BlockSources.open(image))) {
      CaptureResult there = store.capture(far, "far", CaptureOptions.defaults(), Task.unwatched());
      CaptureResult here = store.capture(near, "near", CaptureOptions.defaults(), Task.unwatched());
      assertThat(there.manifest().figures().freeBytes())
          .isEqualTo(here.manifest().figures().freeBytes())
          .isGreaterThan(50L * MIB);
      assertThat(here.manifest().figures().newPages()).isZero();
      try (LoopDevice loop = LoopDevice.attach(image, 512)) {
        Path mounted = Files.createDirectories(folder.resolve("mounted"));
        Tool.named("mount").run(loop.path(), mounted);
        try (BlockSource inUse = host.open(loop.path().toString());
            BlockSource below = host.open(image.toString())) {
          assertThat(UsedBlocks.of(inUse).freeBytes()).isZero();
          assertThat(UsedBlocks.of(inUse).doubts()).contains("mounted");
          assertThat(UsedBlocks.of(below).freeBytes()).isZero();
          try (Cache cached =
              Cache.open(
                  host.open(image.toString()), folder.resolve("cache"), CacheOptions.defaults())) {
            assertThat(UsedBlocks.of(cached).freeBytes()).isZero();
          }
          BlockSource parts = new ConcatSource(List.of(below, below));
          assertThat(parts.written().orElseThrow()).hasSize(2);
          assertThat(new FaultySource(below).written()).isEqualTo(below.written());
        } finally {
          Tool.named("umount").run(mounted);
        }
      }
    }
  }

  @Test
  void aPartOfADriveIsCapturedByItself() throws Exception {
    start();
    Path disk = disk(folder.resolve("disk"), 4 * MIB, 1);
    try (RemoteHost host = reach(sshd.ssh("chief"));
        Store store = store(folder);
        BlockSource part = new SliceSource(host.open(disk.toString()), 1536, 2 * MIB + 512)) {
      CaptureResult captured =
          store.capture(part, "part", CaptureOptions.defaults(), Task.unwatched());
      byte[] bytes = Files.readAllBytes(disk);
      Path expected = folder.resolve("expected");
      Files.write(expected, java.util.Arrays.copyOfRange(bytes, 1536, 1536 + 2 * MIB + 512));
      assertHolds(store, captured, expected);
    }
  }

  @Test
  void itIsReadAtAnyPlaceAndItsHolesAreKnown() throws Exception {
    start();
    Path disk = disk(folder.resolve("disk"), 4 * MIB + 5, 1);
    try (RemoteHost host = reach(sshd.ssh("chief"));
        BlockSource far = host.open(disk.toString());
        BlockSource near = BlockSources.open(disk)) {
      assertThat(SourceDigest.sha256(far, Task.unwatched()))
          .isEqualTo(SourceDigest.sha256(near, Task.unwatched()));
      List<Extent> extents = new ArrayList<>();
      far.extents().forEachRemaining(extents::add);
      List<Extent> expected = new ArrayList<>();
      near.extents().forEachRemaining(expected::add);
      assertThat(extents).isEqualTo(expected);
      ByteBuffer some = ByteBuffer.allocate(100_000);
      assertThat(far.read(4 * MIB - 50_000, some)).isEqualTo(50_005);
      assertThat(far.read(far.size(), some)).isZero();
    }
  }

  @Test
  void theDrivesOfTheMachineAreListed() throws Exception {
    start();
    Path backing = disk(folder.resolve("backing"), MIB, 1);
    try (RemoteHost host = reach(sshd.ssh("chief"));
        LoopDevice loop = LoopDevice.attach(backing, 512)) {
      Drives drives = host.drives();
      assertThat(drives.get(loop.path().toString()).size()).isEqualTo(MIB);
      assertThat(drives.get(loop.path().toString()).backingFile()).isEqualTo(backing.toString());
    }
  }

  // ---- what stands in the way ----------------------------------------------------------------

  @Test
  void whatStartUpFilesAndBannersPrintIsNoData() throws Exception {
    String noise =
        """
        printf '\\033[2J*** Welcome ***\\n'
        printf 'no UTF-8: \\377\\376\\000\\001 blksh:python: end\\n'
        stty -a
        echo 'tput: No value for $TERM' >&2
        """;
    start("echo Authorised use only > /etc/banner", "Banner /etc/banner");
    Files.writeString(folder.resolve("sshd/chief/.bashrc"), noise);
    Files.writeString(folder.resolve("sshd/chief/.bash_logout"), "echo Goodbye");
    Path disk = disk(folder.resolve("disk"), 2 * MIB, 1);
    try (RemoteHost host = reach(sshd.ssh("chief"));
        Store store = store(folder)) {
      assertHolds(store, capture(store, host, disk, "a"), disk);
    }
    Files.writeString(folder.resolve("sshd/chief/.bashrc"), "yes");
    try (RemoteHost host = reach(sshd.ssh("chief"))) {
      assertThatThrownBy(() -> host.open(disk.toString()))
          .hasMessageContaining("prints more than 64 KiB")
          .hasMessageContaining("\"y\"");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tcsh", "fish"})
  void anyLoginShellWillDo(String shell) throws Exception {
    start("sed -i 's|^\\(chief:.*\\):/bin/bash|\\1:" + Tool.path(shell) + "|' /etc/passwd");
    Path disk = disk(folder.resolve("disk"), 2 * MIB, 1);
    try (RemoteHost host = reach(sshd.ssh("chief"));
        Store store = store(folder)) {
      assertHolds(store, capture(store, host, disk, "a"), disk);
    }
  }

  @Test
  void pathsAreBytesAndNothingInThemIsRun() throws Exception {
    start();
    Path odd = Files.createDirectories(folder.resolve("p"));
    try (RemoteHost host = reach(sshd.ssh("chief"));
        Store store = store(folder)) {
      int seed = 0;
      for (String name :
          List.of(
              "two words",
              "it's",
              "$(touch owned)",
              "; touch owned;",
              "*",
              "-rf",
              "pci-0000:00:1f.2-ata-1",
              "a\"b\\c",
              "tab\there",
              "line\nend\n",
              "100%25?#x",
              "größe")) {
        Path disk = disk(odd.resolve(name), 70_000, seed++);
        assertHolds(store, capture(store, host, disk, "a"), disk);
      }
    }
    assertThat(Tool.named("find").run(folder, "-name", "owned")).isEmpty();
  }

  @Test
  void nothingIsLeftOnAMachineWithoutAPlaceToWriteAndLittleMemory() throws Exception {
    Path disk = disk(folder.resolve("disk"), 24 * MIB, 1);
    start(
        "for d in /tmp /var/tmp /dev/shm \"$S/chief\"; do"
            + " mount --bind $d $d; mount -o remount,bind,ro $d; done",
        "ForceCommand ulimit -v 262144; exec sh -c \"$SSH_ORIGINAL_COMMAND\"");
    try (RemoteHost host = reach(sshd.ssh("chief"));
        Store store = store(folder)) {
      assertHolds(store, capture(store, host, disk, "a"), disk);
      assertThat(host.reconnects()).isZero(); // an agent that fails takes the connection with it
    }
  }

  @Test
  void manyDrivesShareOneLogin() throws Exception {
    start("", "MaxSessions 1", "PermitTTY no", "AllowTcpForwarding no", "MaxStartups 1:100:1");
    Path control = folder.resolve("cm");
    Path ssh =
        sshd.ssh("chief", "ControlMaster auto", "ControlPath " + control, "ControlPersist 2");
    List<Callable<CaptureResult>> captures = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (RemoteHost host = reach(ssh);
        Store store = store(folder)) {
      for (int i = 0; i < 4; i++) {
        Path disk = disk(folder.resolve("disk" + i), 6 * MIB, i);
        String name = "disk" + i;
        captures.add(() -> capture(store, host, disk, name));
      }
      int i = 0;
      for (Future<CaptureResult> captured : threads.invokeAll(captures)) {
        assertHolds(store, captured.get(), folder.resolve("disk" + i++));
      }
    } finally {
      threads.shutdownNow();
    }
  }

  // ---- root ----------------------------------------------------------------------------------

  private static final String SUDO =
      "sed -i \"s|^plain:[^:]*:|plain:$(openssl passwd -6 secret4711):|\" /etc/shadow;"
          + "mkdir -p /etc/sudoers.d; echo 'plain ALL=(ALL) %s' > /etc/sudoers.d/test;"
          + "chmod 440 /etc/sudoers.d/test";

  private Path secretDisk() throws IOException {
    Path disk = disk(folder.resolve("disk"), MIB, 1);
    Tool.named("chmod").run("600", disk);
    return disk;
  }

  @Test
  void sudoIsGivenThePasswordThatAPersonTypes() throws Exception {
    Tool.named("sudo");
    start(SUDO.formatted("ALL"));
    Path disk = secretDisk();
    Path ssh = sshd.ssh("plain");
    try (Store store = store(folder)) {
      Machines.Person person = new Machines.Person("secret4711");
      try (RemoteHost host = reach(ssh, true, person)) {
        assertHolds(store, capture(store, host, disk, "a"), disk);
        assertHolds(store, capture(store, host, disk, "a"), disk);
        assertThat(person.asked).isEqualTo(1);
        Machines.assertNowhere(folder, "secret4711");
      }
      Machines.Person mistaken = new Machines.Person("wrong", "secret4711");
      try (RemoteHost host = reach(ssh, true, mistaken)) {
        assertHolds(store, capture(store, host, disk, "a"), disk);
        assertThat(mistaken.asked).isEqualTo(2);
      }
    }
    try (RemoteHost host = reach(ssh, true, Machines.NOBODY)) {
      assertThatThrownBy(() -> host.open(disk.toString()))
          .hasMessageContaining("cannot become root on srv")
          .hasMessageContaining("a password is required")
          .hasMessageContaining("NOPASSWD");
    }
    try (RemoteHost host = reach(ssh)) {
      assertThatThrownBy(() -> host.open(disk.toString()))
          .hasMessageContaining("Permission denied")
          .hasMessageContaining("--sudo");
    }
    Machines.assertNowhere(folder, "secret4711");
  }

  @Test
  void sudoThatWantsNoPasswordIsNotGivenOne() throws Exception {
    Tool.named("sudo");
    start(SUDO.formatted("NOPASSWD: ALL"));
    Path disk = secretDisk();
    try (RemoteHost host = reach(sshd.ssh("plain"), true, Machines.NOBODY);
        Store store = store(folder)) {
      assertHolds(store, capture(store, host, disk, "a"), disk);
    }
  }

  @Test
  void aClientThatPrintsWhatItSendsIsNotTakenForSudo() throws Exception {
    Tool.named("sudo");
    start(SUDO.formatted("NOPASSWD: ALL"));
    Path disk = secretDisk();
    Machines.Person person = new Machines.Person("secret4711", "secret4711", "secret4711");
    try (RemoteHost host = reach(sshd.ssh("plain", "LogLevel DEBUG3"), true, person);
        Store store = store(folder)) {
      assertHolds(store, capture(store, host, disk, "a"), disk);
    }
    try (RemoteHost host = reach(sshd.ssh("plain", "LogLevel DEBUG3"), false, person)) {
      assertThatThrownBy(() -> host.open(disk.toString()))
          .hasMessageContaining("Permission denied");
    }
    assertThat(person.asked).isZero();
  }

  @Test
  void whoMayNotBecomeRootIsTold() throws Exception {
    Tool.named("sudo");
    start(SUDO.formatted("/bin/false"));
    Path disk = secretDisk();
    Machines.Person person = new Machines.Person("secret4711");
    try (RemoteHost host = reach(sshd.ssh("plain"), true, person)) {
      assertThatThrownBy(() -> host.open(disk.toString()))
          .hasMessageContaining("sudo says")
          .hasMessageContaining("not allowed");
    }
  }

  // ---- logins that do not come to be ---------------------------------------------------------

  @Test
  void aHostKeyThatHasChangedIsToldAtOnceWithItsPlace() throws Exception {
    start("");
    Wire wire = Wire.to(sshd.port());
    Path ssh = sshd.ssh("chief", wire.port());
    Path known = folder.resolve("sshd/known_hosts");
    Tool.named("ssh-keygen").run("-q", "-t", "ed25519", "-N", "", "-f", folder.resolve("old"));
    String old = Files.readString(folder.resolve("old.pub"));
    Files.writeString(known, "# first\n[127.0.0.1]:" + wire.port() + " " + old);
    try (RemoteHost host = reach(ssh)) {
      assertThatThrownBy(() -> host.open("/dev/sda"))
          .hasMessageContaining("the host key of srv")
          .hasMessageContaining("has changed")
          .hasMessageContaining(known + ", line 2");
    }
    assertThat(wire.connections()).isEqualTo(1);
    Files.writeString(known, "");
    try (RemoteHost host = reach(ssh)) {
      assertThatThrownBy(() -> host.open("/dev/sda"))
          .hasMessageContaining("host key is not known yet")
          .hasMessageContaining("fingerprint");
    }
  }

  @Test
  void whoIsNotLetInIsTold() throws Exception {
    start();
    Path ssh = sshd.ssh("nobody-there");
    try (RemoteHost host = reach(ssh)) {
      assertThatThrownBy(() -> host.open("/dev/sda"))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("the login is refused")
          .hasMessageContaining("Permission denied (publickey");
    }
    try (RemoteHost host = reach(sshd.ssh("chief", Sshd.freePort()))) {
      assertThatThrownBy(() -> host.open("/dev/sda")).hasMessageContaining("Connection refused");
    }
    try (RemoteHost host = reach(sshd.ssh("chief"))) {
      assertThatThrownBy(() -> host.open("/dev/there-is-none"))
          .hasMessageContaining("there is no such file or device there");
      assertThatThrownBy(() -> host.open("/etc")).hasMessageContaining("it is a directory");
      assertThatThrownBy(() -> host.open("/dev/null")).hasMessageContaining("character device");
      assertThatThrownBy(() -> host.open("")).hasMessageContaining("names no drive");
    }
  }

  // ---- without python3 -----------------------------------------------------------------------

  @Test
  void withoutPythonDdMovesEverything() throws Exception {
    Path path = Files.createDirectories(folder.resolve("path"));
    for (String name : List.of("dd", "stat", "blockdev", "wc", "id")) {
      Path program = path.resolve(name);
      Files.writeString(program, "#!/bin/sh\nexec " + Tool.path(name) + " \"$@\"\n");
      Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    start("", "SetEnv PATH=" + path);
    Path disk = disk(folder.resolve("it's $(a) disk\n"), 3 * MIB + 77, 1);
    Path backing = disk(folder.resolve("backing"), MIB, 1);
    try (RemoteHost host = reach(sshd.ssh("chief"));
        Store store = store(folder);
        LoopDevice loop = LoopDevice.attach(backing, 512)) {
      assertThat(host.limits()).hasValueSatisfying(told -> assertThat(told).contains("python3"));
      assertHolds(store, capture(store, host, disk, "a"), disk);
      CaptureResult second = capture(store, host, disk, "a");
      assertThat(second.manifest().figures().newPages()).isZero();
      assertHolds(store, capture(store, host, loop.path(), "loop"), backing);
      assertThatThrownBy(() -> host.open("/dev/there-is-none"))
          .hasMessageContaining("there is no such file or device there");
      assertThatThrownBy(() -> host.open("/etc")).hasMessageContaining("no file or block device");
      assertThatThrownBy(host::drives).hasMessageContaining("no python3");
    }
  }

  // ---- what cannot be read -------------------------------------------------------------------

  @Test
  void whatCannotBeReadIsBadByTheSectorAndNothingElse() throws Exception {
    Files.write(folder.resolve("all"), Content.random(2 * MIB, 7));
    Path map =
        Files.writeString(
            folder.resolve("map"),
            """
            0x00000000 ? 1
            0x00000000 0x00011000 +
            0x00011000 0x00000400 -
            0x00011400 0x0016EC00 +
            0x00180000 0x00020000 -
            0x001A0000 0x00060000 +
            """);
    try (Nbdfuse failing = Nbdfuse.of(folder.resolve("all"), map, folder.resolve("fuse"));
        Sshd there = start("");
        RemoteHost host = reach(there.ssh("chief"));
        Store store = store(folder)) {
      CaptureResult captured = capture(store, host, failing.path(), "a");
      assertThat(captured.manifest().figures().badBytes()).isBetween(0x20400L, 0x22000L);
      assertThat(captured.bad().get(0).start()).isEqualTo(0x11000);
      byte[] held = new byte[2 * MIB];
      try (BlockSource source = store.source(captured.manifest())) {
        source.read(0x1A0000, ByteBuffer.wrap(held, 0x1A0000, 0x60000));
      }
      byte[] all = Files.readAllBytes(folder.resolve("all"));
      assertThat(java.util.Arrays.mismatch(held, 0x1A0000, 2 * MIB, all, 0x1A0000, 2 * MIB))
          .isEqualTo(-1);
      try (BlockSource far = host.open(failing.path().toString())) {
        assertThatThrownBy(() -> far.read(0x180000, ByteBuffer.allocate(4096)))
            .isInstanceOf(blksh.io.UnreadableException.class);
      }
    }
  }

  @Test
  void aFileThatIsCutOffMeanwhileIsNeverWhole() throws Exception {
    start();
    Path disk = Files.write(folder.resolve("disk"), Content.random(24 * MIB, 5));
    try (Wire wire = Wire.to(sshd.port()).rate(4_000_000);
        RemoteHost host = reach(sshd.ssh("chief", wire.port()));
        Store store = store(folder);
        BlockSource source = host.open(disk.toString())) {
      Task task = Task.unwatched();
      ExecutorService thread = Executors.newSingleThreadExecutor();
      Future<CaptureResult> captured =
          thread.submit(() -> store.capture(source, "a", CaptureOptions.defaults(), task));
      blksh.kit.Await.await(() -> task.done() > MIB);
      try (FileChannel channel = FileChannel.open(disk, StandardOpenOption.WRITE)) {
        channel.truncate(2 * MIB);
      }
      CaptureResult result = captured.get();
      thread.shutdown();
      assertThat(result.manifest().figures().badBytes()).isPositive();
      assertThat(task.findings())
          .anyMatch(each -> each.contains("ended at 2097152 of 25165824 bytes"));
    }
  }

  // ---- a bad wire ----------------------------------------------------------------------------

  @Test
  void aCutCaptureGoesOnAndMovesNothingTwice() throws Exception {
    start();
    Path disk = disk(folder.resolve("disk"), 32 * MIB, 1);
    long once;
    try (Wire wire = Wire.to(sshd.port());
        RemoteHost host = reach(sshd.ssh("chief", wire.port()));
        Store store = store(Files.createDirectories(folder.resolve("once")))) {
      assertHolds(store, capture(store, host, disk, "a"), disk);
      once = wire.fromServer();
    }
    try (Wire wire = Wire.to(sshd.port()).cut(3_000_000, 3);
        RemoteHost host = reach(sshd.ssh("chief", wire.port()));
        Store store = store(folder)) {
      Task task = Task.unwatched();
      CaptureResult captured = capture(store, host, disk, "a", task);
      assertHolds(store, captured, disk);
      assertThat(wire.cuts()).isPositive();
      assertThat(wire.fromServer()).isLessThan(once * 5 / 4);
      assertThat(task.notes()).anyMatch(note -> note.contains("was cut and made again"));
    }
  }

  @Test
  void manyCutsAnywhereLeaveARightVersion() throws Exception {
    start();
    Path disk = disk(folder.resolve("disk"), 32 * MIB, 1);
    try (Wire wire = Wire.to(sshd.port()).cut(613_519, CUTS);
        RemoteHost host = reach(sshd.ssh("chief", wire.port()));
        Store store = store(folder)) {
      assertHolds(store, capture(store, host, disk, "a"), disk);
      assertThat(wire.cuts()).isEqualTo(CUTS);
    }
  }

  @Test
  void aDriveThatIsAnotherAfterACutIsRefused() throws Exception {
    start();
    Path disk = Files.write(folder.resolve("disk"), Content.random(24 * MIB, 5));
    try (Wire wire = Wire.to(sshd.port()).rate(4_000_000);
        RemoteHost host = reach(sshd.ssh("chief", wire.port()));
        Store store = store(folder);
        BlockSource source = host.open(disk.toString())) {
      Task task = Task.unwatched();
      ExecutorService thread = Executors.newSingleThreadExecutor();
      Future<CaptureResult> captured =
          thread.submit(() -> store.capture(source, "a", CaptureOptions.defaults(), task));
      blksh.kit.Await.await(() -> task.done() > MIB);
      Path other = Files.write(folder.resolve("other"), Content.random(24 * MIB, 6));
      Files.move(other, disk, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      wire.cut(wire.fromServer() + 1, 1);
      assertThatThrownBy(captured::get).hasMessageContaining("there is another drive now");
      thread.shutdown();
      assertThat(store.names()).isEmpty();
    }
  }

  @Test
  void aDeviceThatIsAnotherAfterACutIsRefused() throws Exception {
    start();
    Path disk = Files.write(folder.resolve("disk"), Content.random(24 * MIB, 5));
    Path link = folder.resolve("drive");
    try (LoopDevice first = LoopDevice.attach(disk, 512)) {
      // Of the same name, size and backing path.
      Path other = Files.write(folder.resolve("other"), Content.random(24 * MIB, 6));
      Files.move(other, disk, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      Files.createSymbolicLink(link, first.path());
      try (LoopDevice second = LoopDevice.attach(disk, 512);
          Wire wire = Wire.to(sshd.port()).rate(4_000_000);
          RemoteHost host = reach(sshd.ssh("chief", wire.port()));
          Store store = store(folder);
          BlockSource source = host.open(link.toString())) {
        Task task = Task.unwatched();
        ExecutorService thread = Executors.newSingleThreadExecutor();
        Future<CaptureResult> captured =
            thread.submit(() -> store.capture(source, "a", CaptureOptions.defaults(), task));
        blksh.kit.Await.await(() -> task.done() > MIB);
        Files.delete(link);
        Files.createSymbolicLink(link, second.path());
        wire.cut(wire.fromServer() + 1, 1);
        assertThatThrownBy(captured::get).hasMessageContaining("there is another drive now");
        thread.shutdown();
        assertThat(store.names()).isEmpty();
      }
    }
  }

  @Test
  void anOrderlyEndOfTheServerIsACutAsWell() throws Exception {
    Path disk = Files.write(folder.resolve("disk"), Content.random(8 * MIB, 5));
    start("echo Authorised use only > /etc/banner", "Banner /etc/banner");
    Files.writeString(
        folder.resolve("sshd/chief/.bashrc"), "echo 'tput: No value for $TERM' >&2\n");
    try (Wire wire = Wire.to(sshd.port()).rate(8_000_000);
        RemoteHost host = reach(sshd.ssh("chief", wire.port()));
        Store store = store(folder)) {
      Task task = Task.unwatched();
      ExecutorService thread = Executors.newSingleThreadExecutor();
      Future<CaptureResult> captured = thread.submit(() -> capture(store, host, disk, "a", task));
      blksh.kit.Await.await(() -> task.done() > MIB);
      sshd.endSessions();
      assertHolds(store, captured.get(), disk);
      assertThat(host.reconnects()).isPositive();
      thread.shutdown();
    }
  }

  @Test
  void aLongWayIsNoReasonToWaitForEachAnswer() throws Exception {
    start();
    Path disk = disk(folder.resolve("disk"), 32 * MIB, 1);
    try (Store store = store(folder);
        Wire wire = Wire.to(sshd.port()).delay(25);
        RemoteHost host = reach(sshd.ssh("chief", wire.port()))) {
      try (RemoteHost near = reach(sshd.ssh("chief"))) {
        capture(store, near, disk, "a");
      }
      try (BlockSource source = host.open(disk.toString())) {
        long began = System.nanoTime();
        CaptureResult again =
            store.capture(source, "a", CaptureOptions.defaults(), Task.unwatched());
        assertHolds(store, again, disk);
        // 128 segments: one after the other they would take 6.4 s on their way alone.
        assertThat(System.nanoTime() - began).isLessThan(6_400_000_000L);
        assertThat(again.movedBytes()).isLessThan(16 * MIB * 15 / 1000);
      }
    }
  }

  @Test
  void aWireThatIsCutWhenItIsSilentStaysWhileADriveIsSlow() throws Exception {
    Path disk = Files.write(folder.resolve("all"), Content.random(64 << 10, 7));
    Path map = Files.writeString(folder.resolve("map"), "0 ? 1\n0 0x10000 +\n");
    try (Nbdfuse slow =
            Nbdfuse.of(disk, map, folder.resolve("fuse"), "--filter=delay", "rdelay=3");
        Sshd there = start("");
        Wire wire = Wire.to(there.port()).idle(2500);
        RemoteHost host = reach(sshd.ssh("chief", wire.port()));
        Store store = store(folder)) {
      CaptureResult captured = capture(store, host, slow.path(), "a");
      assertHolds(store, captured, disk);
      assertThat(wire.cuts()).isZero();
    }
  }

  @Test
  void aCaptureThatIsGivenUpEndsAtOnce() throws Exception {
    start();
    Path disk = Files.write(folder.resolve("disk"), Content.random(16 * MIB, 5));
    try (Wire wire = Wire.to(sshd.port()).rate(1_000_000);
        RemoteHost host = reach(sshd.ssh("chief", wire.port()));
        Store store = store(folder);
        BlockSource source = host.open(disk.toString())) {
      Task task = Task.unwatched();
      ExecutorService thread = Executors.newSingleThreadExecutor();
      Future<CaptureResult> captured =
          thread.submit(() -> store.capture(source, "a", CaptureOptions.defaults(), task));
      blksh.kit.Await.await(() -> wire.fromServer() > MIB);
      task.cancel();
      assertThatThrownBy(captured::get).hasCauseInstanceOf(blksh.task.CancelledException.class);
      assertThat(wire.fromServer()).isLessThan(8 * MIB);
      thread.shutdown();
    }
  }
}
