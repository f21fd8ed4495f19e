package blksh;

import static blksh.kit.Await.await;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Child;
import blksh.kit.Component;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.kit.Tool;
import blksh.mount.fuse.LoopMount;
import blksh.session.ExitStatus;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
        Tool.named("fusermount").attempt("-u", "-z", mounted);
      }
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

  /** The value of an expression in this Java, which is another than that of the mount. */
  private Ended eval(String expression, String... options) throws Exception {
    String[] words = new String[options.length + 2];
    words[0] = "eval";
    words[1] = expression;
    System.arraycopy(options, 0, words, 2, options.length);
    return Here.run(home, words);
  }

  private String value(String expression, String... options) throws Exception {
    Ended ended = eval(expression, options);
    assertThat(ended.status()).as(ended.err()).isZero();
    return ended.lastLine();
  }

  @Test
  void aVersionMountedInTheBackgroundStaysUntilAnotherProcessUnmountsIt() throws Exception {
    Component.needFuse();
    done("run", "capture", disk.toString(), "--store", store, "--name", "sda");
    done("run", "mount", "sda@1", point.toString(), "--store", store, "--background");
    assertThat(Files.mismatch(point.resolve("sda@1"), disk)).isEqualTo(-1);
    assertThat(done("run", "mounts").out())
        .contains(point.toString(), "elsewhere", "sda/1.manifest");
    assertThat(done("run", "mounts", "--json").lastLine())
        .contains("\"place\":\"" + point + "\"", "\"hitRate\":");
    // Somebody uses it: it says who, and it is gone from the directory all the same.
    Process reader = Child.of("sleep", "60").redirectInput(point.resolve("sda@1").toFile()).start();
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
    Component.needFuse();
    Process mount = new Program(home).start("run", "mount", disk.toString(), point.toString());
    await(() -> !mount.isAlive() || Files.exists(point.resolve("disk.img")));
    assertThat(Files.mismatch(point.resolve("disk.img"), disk)).isEqualTo(-1);
    Child.of("kill", "-INT", Long.toString(mount.pid())).start().waitFor();
    mount.waitFor();
    assertThat(point).doesNotExist();
  }

  @Test
  void whatIsWrittenThroughAnOverlayIsToldForgottenAndCommitted() throws Exception {
    Component.needFuse();
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
    assertThat(value(overlay + ".changes", "--json")).contains("\"changed\":12288");
    Ended refused = eval(overlay + ".discard()");
    assertThat(refused.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(refused.err()).contains("in use");
    done("run", "unmount", point.toString());
    value(overlay + ".commit(store(\"" + store + "\"), \"fixed\")");
    Path back = folder.resolve("back");
    done("run", "restore", "fixed", "--store", store, "--to", back.toString());
    System.arraycopy(written, 0, bytes, 5000, written.length);
    assertThat(Files.readAllBytes(back)).isEqualTo(bytes);
    value(overlay + ".discard()");
    assertThat(value(overlay + ".changes", "--json")).contains("\"changed\":0");
  }

  @Test
  void whatTheKernelCannotReadIsMountedByTheProgramThatCan() throws Exception {
    Component.needFuse();
    Component.needRoot();
    Tool.named("mount.ntfs");
    Path image = folder.resolve("ntfs.img");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(32 << 20);
    }
    Tool.named("mkfs.ntfs").run("-q", "-F", "-f", image);
    Path inside = Files.writeString(folder.resolve("inside"), "a file");
    Tool.named("ntfscp").run("-f", image, inside, "/inside");
    done("run", "mount", image.toString(), point.toString(), "--file-system", "--background");
    assertThat(point.resolve("inside")).hasContent("a file");
    done("run", "unmount", point.toString());
    await(() -> mountedBelow(folder) == 0); // its process looks every second whether it is to end
  }

  @Test
  void theFileSystemInsideIsMountedAndBothMountsUndone() throws Exception {
    Component.needFuse();
    Component.needRoot();
    Path image = folder.resolve("fs.img");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(32 << 20);
    }
    String docs = Program.root().resolve("docs").toString();
    Tool.named("mkfs.ext4").run("-q", "-d", docs, image);
    byte[] before = Files.readAllBytes(image);
    done("run", "mount", image.toString(), point.toString(), "--file-system", "--background");
    assertThat(Files.mismatch(point.resolve("store-format.md"), Path.of(docs, "store-format.md")))
        .isEqualTo(-1);
    assertThat(done("run", "mounts").out().lines().filter(line -> line.contains(folder.toString())))
        .singleElement()
        .asString()
        .startsWith(point.toString());
    done("run", "unmount", point.toString());
    await(() -> mountedBelow(folder) == 0); // its process looks every second whether it is to end
    assertThat(Files.readAllBytes(image)).isEqualTo(before);
  }

  private static long mountedBelow(Path folder) throws Exception {
    return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
        .filter(line -> line.split(" ")[4].startsWith(folder.toString()))
        .count();
  }

  @Test
  void vpartcloneMountsAnImageWithAnOverlay() throws Exception {
    Component.needFuse();
    Path over = folder.resolve("over");
    List<String> words =
        List.of("run", "vpartclone", "" + disk, "-d", "-m", "" + point, "--overlay", "" + over);
    Process mount = new Program(home).start(words.toArray(String[]::new));
    await(() -> !mount.isAlive() || Files.exists(point.resolve("disk")));
    assertThat(Files.isWritable(point.resolve("disk"))).isTrue();
    assertThat(Files.mismatch(point.resolve("disk"), disk)).isEqualTo(-1);
    await(() -> !mount.isAlive() || Files.readString(home.resolve("err")).contains("24 MiB read"));
    new Program(folder.resolve("other")).run("run", "unmount", point.toString());
    assertThat(mount.waitFor()).isZero();
    assertThat(over).exists();
  }

  @Test
  void vpartcloneGivesAFileAndTheCommandsThatFitIt() throws Exception {
    Component.needFuse();
    Path image = folder.resolve("sda1.img");
    String packed = "engine/src/test/resources/images/partclone-ext4-crc32.img.gz";
    try (InputStream in =
        new GZIPInputStream(Files.newInputStream(Program.root().resolve(packed)))) {
      Files.copy(in, image);
    }
    Files.createDirectory(point);
    Ended given = done("run", "vpartclone", image.toString(), "-m", point.toString());
    Path file = point.resolve("sda1");
    try (Stream<Path> files = Files.list(point)) {
      assertThat(files).containsExactly(file);
    }
    assertThat(Files.size(file)).isEqualTo(1536 << 10);
    List<String> commands =
        given.out().lines().filter(line -> line.startsWith("  ")).map(String::strip).toList();
    assertThat(commands).hasSize(3);
    assertThat(commands.get(0)).isEqualTo("e2fsck -f -n " + file);
    assertThat(commands.get(1)).contains("mount -o loop,ro,", ",noload " + file + " " + point);
    Tool shell = Tool.named("sh");
    assertThat(shell.run("-c", commands.get(0))).contains("Pass 5");
    assertThat(run("run", "vpartclone", "" + image, "-m", "" + point).status())
        .as("the directory is not empty")
        .isEqualTo(ExitStatus.USAGE);
    long server = Long.parseLong(given.out().replaceFirst("(?s).*process (\\d+) serves.*", "$1"));
    assertThat(ProcessHandle.of(server)).isPresent();
    if (LoopMount.isAllowed()) {
      shell.run("-c", commands.get(1));
      assertThat(point.resolve("lost+found")).isDirectory();
      assertThat(file).doesNotExist();
      shell.run("-c", commands.get(2));
    } else {
      Tool.named("fusermount").run("-u", point);
    }
    await(() -> mountedBelow(folder) == 0 && ProcessHandle.of(server).isEmpty());
    assertThat(point).isEmptyDirectory();
  }

  @Test
  void aSourceServedInTheBackgroundIsReadByName() throws Exception {
    Path socket = folder.resolve("nbd.sock");
    done("run", "serve", disk.toString(), "--socket", socket.toString(), "--background");
    Tool nbdcopy = Tool.named("nbdcopy");
    for (String export : new String[] {"", "disk.img"}) {
      Path copy = folder.resolve("copy" + export);
      String uri = "nbd+unix:///" + export + "?socket=" + socket;
      nbdcopy.run(uri, copy);
      assertThat(Files.mismatch(copy, disk)).isEqualTo(-1);
    }
    endServer(socket);
  }

  private void endServer(Path socket) throws Exception {
    done("run", "unmount", socket.toString());
    await(() -> !Files.exists(socket)); // its process is asked to end it, and looks every second
  }

  @Test
  void aStoreIsServedByItsVersions() throws Exception {
    Tool nbdcopy = Tool.named("nbdcopy");
    Path socket = folder.resolve("nbd.sock");
    done("run", "capture", disk.toString(), "--store", store, "--name", "sda");
    done("run", "serve", store, "--socket", socket.toString(), "--background");
    for (String export : new String[] {"sda/1", "sda/latest"}) {
      Path copy = folder.resolve("copy");
      String uri = "nbd+unix:///" + export + "?socket=" + socket;
      nbdcopy.run(uri, copy);
      assertThat(Files.mismatch(copy, disk)).isEqualTo(-1);
      Files.delete(copy);
    }
    endServer(socket);
  }

  @Test
  void whatCannotBeMountedIsSaidWhereItWasAskedFor() throws Exception {
    Component.needFuse();
    Files.createDirectories(point);
    Files.writeString(point.resolve("mine"), "mine");
    Ended ended = run("run", "mount", disk.toString(), point.toString(), "--background");
    assertThat(ended.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(ended.err()).contains("not empty");
    assertThat(Files.readString(point.resolve("mine"))).isEqualTo("mine");
  }

  @Test
  void aMountWhoseProcessWasKilledIsPruned() throws Exception {
    Component.needFuse();
    Process mount = new Program(home).start("run", "mount", disk.toString(), point.toString());
    await(() -> !mount.isAlive() || Files.exists(point.resolve("disk.img")));
    mount.destroyForcibly().waitFor();
    assertThat(done("run", "mounts").out()).contains(point.toString(), "dead");
    done("run", "mounts", "--prune");
    assertThat(done("run", "mounts", "--json").lastLine()).doesNotContain(point.toString());
    assertThat(Files.list(point)).isEmpty();
  }
}
