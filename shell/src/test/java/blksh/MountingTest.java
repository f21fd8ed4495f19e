package blksh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import blksh.Program.Ended;
import blksh.session.ExitStatus;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mounting and serving as a user does: by scripts, in the background, at the prompt's words. */
class MountingTest {

  @TempDir Path folder;
  private Path home;
  private Path disk;
  private String store;
  private Path point;

  @BeforeEach
  void capture() throws Exception {
    folder = folder.toRealPath();
    home = folder.resolve("home");
    disk = folder.resolve("disk.img");
    store = folder.resolve("store").toString();
    point = folder.resolve("point");
    Path packed = Program.root().resolve("samples/disk-1.img.gz");
    try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
      Files.copy(in, disk);
    }
  }

  @AfterEach
  void unmountAll() throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
      String mounted = line.split(" ")[4];
      if (mounted.startsWith(folder.toString())) {
        new ProcessBuilder("fusermount", "-u", "-z", mounted).start().waitFor();
      }
    }
  }

  private static void needFuse() {
    if (!Files.isWritable(Path.of("/dev/fuse"))
        || Stream.of("/usr/bin/fusermount3", "/usr/bin/fusermount", "/bin/fusermount")
            .noneMatch(path -> Files.isExecutable(Path.of(path)))) {
      if (System.getenv("CI") != null) {
        fail("FUSE is needed in CI");
      }
      abort("there is no FUSE");
    }
  }

  private Ended run(String... words) throws Exception {
    return new Program(home).run(words);
  }

  private Ended done(String... words) throws Exception {
    Ended ended = run(words);
    assertThat(ended.status()).as(ended.err()).isZero();
    return ended;
  }

  @Test
  void aVersionMountedInTheBackgroundStaysUntilAnotherProcessUnmountsIt() throws Exception {
    needFuse();
    done("run", "capture", disk.toString(), "--store", store, "--name", "sda");
    done("run", "mount", "sda@1", point.toString(), "--store", store, "--background");
    assertThat(Files.mismatch(point.resolve("sda@1"), disk)).isEqualTo(-1);
    assertThat(done("run", "mounts").out())
        .contains(point.toString(), "elsewhere", "sda/1.manifest");
    assertThat(done("run", "mounts", "--json").lastLine())
        .contains("\"place\":\"" + point + "\"", "\"hitRate\":");
    // Somebody uses it: it says who, and it is gone from the directory all the same.
    Process reader =
        new ProcessBuilder("sleep", "60").redirectInput(point.resolve("sda@1").toFile()).start();
    Ended busy = run("run", "unmount", point.toString());
    assertThat(busy.status()).as(busy.err()).isEqualTo(ExitStatus.FINDINGS);
    assertThat(busy.err()).contains("process " + reader.pid(), "sleep", "sda@1");
    assertThat(point.resolve("sda@1")).doesNotExist();
    reader.destroy();
    reader.waitFor();
    Ended none = run("run", "unmount", point.toString());
    assertThat(none.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(none.err()).contains("nothing there");
  }

  @Test
  void aMountInTheForegroundEndsWithCtrlC() throws Exception {
    needFuse();
    Process mount = new Program(home).start("run", "mount", disk.toString(), point.toString());
    while (mount.isAlive() && !Files.exists(point.resolve("disk.img"))) {
      Thread.sleep(50);
    }
    assertThat(Files.mismatch(point.resolve("disk.img"), disk)).isEqualTo(-1);
    new ProcessBuilder("kill", "-INT", Long.toString(mount.pid())).start().waitFor();
    mount.waitFor();
    assertThat(point).doesNotExist();
  }

  @Test
  void whatIsWrittenThroughAnOverlayIsToldForgottenAndCommitted() throws Exception {
    needFuse();
    Path over = folder.resolve("over");
    byte[] bytes = Files.readAllBytes(disk);
    byte[] written = new byte[9000];
    new Random(1).nextBytes(written);
    done(
        "run",
        "mount",
        disk.toString(),
        point.toString(),
        "--overlay",
        over.toString(),
        "--background");
    try (RandomAccessFile file = new RandomAccessFile(point.resolve("disk.img").toFile(), "rw")) {
      file.seek(5000);
      file.write(written);
      file.getFD().sync();
    }
    String overlay = "overlay(drive(\"" + disk + "\"), \"" + over + "\")";
    assertThat(done("eval", overlay + ".changes", "--json").lastLine())
        .contains("\"changed\":12288");
    Ended refused = run("eval", overlay + ".discard()");
    assertThat(refused.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(refused.err()).contains("in use");
    done("run", "unmount", point.toString());
    done("eval", overlay + ".commit(store(\"" + store + "\"), \"fixed\")");
    Path back = folder.resolve("back");
    done("run", "restore", "fixed", "--store", store, "--to", back.toString());
    System.arraycopy(written, 0, bytes, 5000, written.length);
    assertThat(Files.readAllBytes(back)).isEqualTo(bytes);
    done("eval", overlay + ".discard()");
    assertThat(done("eval", overlay + ".changes", "--json").lastLine()).contains("\"changed\":0");
  }

  private static void needLoopDevices(String... programs) {
    needFuse();
    if (!Files.isWritable(Path.of("/dev/loop-control"))
        || !Stream.of(programs).allMatch(path -> Files.isExecutable(Path.of(path)))) {
      String what = "root, loop devices and " + String.join(", ", programs);
      if (System.getenv("CI") != null) {
        fail(what + " are needed in CI");
      }
      abort("this needs " + what);
    }
  }

  @Test
  void whatTheKernelCannotReadIsMountedByTheProgramThatCan() throws Exception {
    needLoopDevices("/sbin/mkfs.ntfs", "/sbin/mount.ntfs");
    Path image = folder.resolve("ntfs.img");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(32 << 20);
    }
    new ProcessBuilder("/sbin/mkfs.ntfs", "-q", "-F", "-f", image.toString()).start().waitFor();
    Path inside = Files.writeString(folder.resolve("inside"), "a file");
    new ProcessBuilder("ntfscp", "-f", image.toString(), inside.toString(), "/inside")
        .inheritIO()
        .start()
        .waitFor();
    done("run", "mount", image.toString(), point.toString(), "--file-system", "--background");
    assertThat(point.resolve("inside")).hasContent("a file");
    done("run", "unmount", point.toString());
    for (int i = 0; i < 100 && mountedBelow(folder) > 0; i++) {
      Thread.sleep(50); // its process looks every second whether it is to end
    }
    assertThat(mountedBelow(folder)).isZero();
  }

  @Test
  void theFileSystemInsideIsMountedAndBothMountsUndone() throws Exception {
    needLoopDevices("/sbin/mkfs.ext4");
    Path image = folder.resolve("fs.img");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(32 << 20);
    }
    String docs = Program.root().resolve("docs").toString();
    new ProcessBuilder("/sbin/mkfs.ext4", "-q", "-d", docs, image.toString()).start().waitFor();
    byte[] before = Files.readAllBytes(image);
    done("run", "mount", image.toString(), point.toString(), "--file-system", "--background");
    assertThat(Files.mismatch(point.resolve("store-format.md"), Path.of(docs, "store-format.md")))
        .isEqualTo(-1);
    assertThat(done("run", "mounts").out().lines().filter(line -> line.contains(folder.toString())))
        .singleElement()
        .asString()
        .startsWith(point.toString());
    done("run", "unmount", point.toString());
    for (int i = 0; i < 100 && mountedBelow(folder) > 0; i++) {
      Thread.sleep(50); // its process looks every second whether it is to end
    }
    assertThat(mountedBelow(folder)).isZero();
    assertThat(Files.readAllBytes(image)).isEqualTo(before);
  }

  private static long mountedBelow(Path folder) throws Exception {
    return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
        .filter(line -> line.split(" ")[4].startsWith(folder.toString()))
        .count();
  }

  @Test
  void vpartcloneMountsAnImageWithAnOverlay() throws Exception {
    needFuse();
    Path over = folder.resolve("over");
    String[] words = {
      "run", "vpartclone", disk.toString(), "-m", point.toString(), "--overlay", over.toString()
    };
    Process mount = new Program(home).start(words);
    while (mount.isAlive() && !Files.exists(point.resolve("disk.img"))) {
      Thread.sleep(50);
    }
    assertThat(Files.isWritable(point.resolve("disk.img"))).isTrue();
    assertThat(Files.mismatch(point.resolve("disk.img"), disk)).isEqualTo(-1);
    new Program(folder.resolve("other")).run("run", "unmount", point.toString());
    assertThat(mount.waitFor()).isZero();
    assertThat(over).exists();
  }

  @Test
  void aSourceServedInTheBackgroundIsReadByName() throws Exception {
    Path socket = folder.resolve("nbd.sock");
    done("run", "serve", disk.toString(), "--socket", socket.toString(), "--background");
    if (Files.isExecutable(Path.of("/usr/bin/nbdcopy"))) {
      for (String export : new String[] {"", "disk.img"}) {
        Path copy = folder.resolve("copy" + export);
        String uri = "nbd+unix:///" + export + "?socket=" + socket;
        Process nbdcopy = new ProcessBuilder("nbdcopy", uri, copy.toString()).inheritIO().start();
        assertThat(nbdcopy.waitFor()).isZero();
        assertThat(Files.mismatch(copy, disk)).isEqualTo(-1);
      }
    } else if (System.getenv("CI") != null) {
      fail("nbdcopy is needed in CI");
    }
    endServer(socket);
  }

  private void endServer(Path socket) throws Exception {
    done("run", "unmount", socket.toString());
    for (int i = 0; i < 100 && Files.exists(socket); i++) {
      Thread.sleep(50); // its process is asked to end it, and looks every second
    }
    assertThat(socket).doesNotExist();
  }

  @Test
  void aStoreIsServedByItsVersions() throws Exception {
    if (!Files.isExecutable(Path.of("/usr/bin/nbdcopy"))) {
      if (System.getenv("CI") != null) {
        fail("nbdcopy is needed in CI");
      }
      abort("this needs nbdcopy");
    }
    Path socket = folder.resolve("nbd.sock");
    done("run", "capture", disk.toString(), "--store", store, "--name", "sda");
    done("run", "serve", store, "--socket", socket.toString(), "--background");
    for (String export : new String[] {"sda/1", "sda/latest"}) {
      Path copy = folder.resolve("copy");
      String uri = "nbd+unix:///" + export + "?socket=" + socket;
      Process nbdcopy = new ProcessBuilder("nbdcopy", uri, copy.toString()).inheritIO().start();
      assertThat(nbdcopy.waitFor()).isZero();
      assertThat(Files.mismatch(copy, disk)).isEqualTo(-1);
      Files.delete(copy);
    }
    endServer(socket);
  }

  @Test
  void whatCannotBeMountedIsSaidWhereItWasAskedFor() throws Exception {
    needFuse();
    Files.createDirectories(point);
    Files.writeString(point.resolve("mine"), "mine");
    Ended ended = run("run", "mount", disk.toString(), point.toString(), "--background");
    assertThat(ended.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(ended.err()).contains("not empty");
    assertThat(Files.readString(point.resolve("mine"))).isEqualTo("mine");
  }

  @Test
  void aMountWhoseProcessWasKilledIsPruned() throws Exception {
    needFuse();
    Process mount = new Program(home).start("run", "mount", disk.toString(), point.toString());
    while (mount.isAlive() && !Files.exists(point.resolve("disk.img"))) {
      Thread.sleep(50);
    }
    mount.destroyForcibly().waitFor();
    assertThat(done("run", "mounts").out()).contains(point.toString(), "dead");
    done("run", "mounts", "--prune");
    assertThat(done("run", "mounts", "--json").lastLine()).doesNotContain(point.toString());
    assertThat(Files.list(point)).isEmpty();
  }
}
