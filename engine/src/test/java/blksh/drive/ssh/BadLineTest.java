package blksh.drive.ssh;

import static blksh.drive.ssh.Machines.reach;
import static blksh.drive.ssh.Machines.store;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.PageTarget;
import blksh.block.TargetTerms;
import blksh.kit.Content;
import blksh.kit.LoopDevice;
import blksh.kit.Sshd;
import blksh.kit.Wire;
import blksh.store.CaptureOptions;
import blksh.store.Manifest;
import blksh.store.RestoreOptions;
import blksh.store.Store;
import blksh.task.Task;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Restores over a connection that is cut again and again, and what is left of those that died. */
class BadLineTest {

  private static final int MIB = 1 << 20;
  private static final int SIZE = 8 * MIB;

  @TempDir Path folder;

  private Sshd sshd;
  private Store store;
  private Path disk;
  private Manifest manifest;

  @BeforeEach
  void begin() throws Exception {
    sshd = Sshd.in(folder.resolve("sshd"));
    store = store(folder);
    byte[] bytes = Content.random(SIZE, 1);
    java.util.Arrays.fill(bytes, 4 * MIB, 6 * MIB, (byte) 0);
    disk = Files.write(folder.resolve("disk"), bytes);
    try (BlockSource source = BlockSources.open(disk)) {
      manifest = store.capture(source, "a", CaptureOptions.defaults(), Task.unwatched()).manifest();
    }
  }

  @AfterEach
  void end() throws Exception {
    if (store != null) {
      store.close();
      sshd.close();
    }
  }

  /** The disk, with every fourth page another. */
  private Path old(String name) throws Exception {
    byte[] bytes = Files.readAllBytes(disk);
    for (int page = 0; page < bytes.length / 4096; page += 4) {
      bytes[page * 4096 + 7] ^= 1;
    }
    return Files.write(folder.resolve(name), bytes);
  }

  private void restore(RemoteHost host, Path to) {
    RestoreOptions options = RestoreOptions.defaults().withOverwrite(true);
    PageTarget target =
        host.target(to.toString(), new TargetTerms(manifest.size(), true, false, false));
    store.restore(manifest, target, options, Task.unwatched());
  }

  @Test
  void aRestoreToADriveEndsHoweverOftenItIsCut() throws Exception {
    Path backing = old("backing");
    try (Wire wire = Wire.to(sshd.port()).cut(32 << 10, Integer.MAX_VALUE);
        LoopDevice loop = LoopDevice.attach(backing, 512);
        RemoteHost host = reach(sshd.ssh("chief", wire.port()))) {
      restore(host, loop.path());
      assertThat(wire.cuts()).isPositive();
    }
    assertThat(Files.mismatch(backing, disk)).isEqualTo(-1);
  }

  @Test
  void aRestoreToAFileEndsHoweverOftenItIsCut() throws Exception {
    Path file = old("file");
    try (Wire wire = Wire.to(sshd.port()).cut(48 << 10, Integer.MAX_VALUE);
        RemoteHost host = reach(sshd.ssh("chief", wire.port()))) {
      restore(host, file);
      assertThat(wire.cuts()).isPositive();
    }
    assertThat(Files.mismatch(file, disk)).isEqualTo(-1);
    assertThat(folder.resolve(".file.blksh.part")).doesNotExist();
  }

  /** Begins a restore, and is gone without a word, as when it is killed. */
  private void begin(Path to) throws Exception {
    try (RemoteHost host = reach(sshd.ssh("chief"))) {
      RemoteTarget begun =
          (RemoteTarget)
              host.target(to.toString(), new TargetTerms(manifest.size(), true, false, false));
      begun.zeros(0, MIB);
      begun.lastLink().close();
    }
  }

  @Test
  void whatARestoreThatDiedHoldsIsTakenByTheNext() throws Exception {
    Path backing = old("backing");
    try (LoopDevice loop = LoopDevice.attach(backing, 512);
        RemoteHost host = reach(sshd.ssh("chief"))) {
      begin(loop.path());
      long began = System.nanoTime();
      restore(host, loop.path());
      assertThat((System.nanoTime() - began) / 1e9).isLessThan(20);
    }
    assertThat(Files.mismatch(backing, disk)).isEqualTo(-1);
    Path file = old("file");
    try (RemoteHost host = reach(sshd.ssh("chief"))) {
      begin(file);
      restore(host, file);
    }
    assertThat(Files.mismatch(file, disk)).isEqualTo(-1);
    assertThat(folder.resolve(".file.blksh.part")).doesNotExist();
  }
}
