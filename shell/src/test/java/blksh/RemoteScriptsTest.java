package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Await;
import blksh.kit.Child;
import blksh.kit.Content;
import blksh.kit.LoopDevice;
import blksh.kit.Program;
import blksh.kit.Sshd;
import blksh.kit.Tool;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The everyday scripts with drives of another machine, by the real launcher and a real sshd. */
class RemoteScriptsTest {

  private static final int MIB = 1 << 20;
  private static final String OTHERS =
      System.getProperty("java.home") + "/bin:/usr/bin:/bin:/usr/sbin:/sbin";

  private static final String SUDO =
      "sed -i \"s|^plain:[^:]*:|plain:$(openssl passwd -6 secret4711):|\" /etc/shadow;"
          + "mkdir -p /etc/sudoers.d; echo 'plain ALL=(ALL) ALL' > /etc/sudoers.d/test;"
          + "chmod 440 /etc/sudoers.d/test";

  @TempDir Path folder;

  private Sshd sshd;
  private String path;

  @AfterEach
  void end() throws IOException {
    if (sshd != null) {
      sshd.close();
    }
  }

  private void start(String user, String before, String... lines) throws Exception {
    sshd = Sshd.in(folder.resolve("sshd"), before, lines);
    path = sshd.ssh(user).getParent() + ":" + OTHERS;
  }

  private Program program() {
    return new Program(folder.resolve("home")).with("PATH", path);
  }

  private Path disk(String name, int bytes, long seed) throws IOException {
    return Files.write(folder.resolve(name), Content.disk(bytes, seed));
  }

  @Test
  void manyAreCapturedAtOnceAndOneThatFailsStopsNobody() throws Exception {
    start("chief", "", "MaxStartups 2:100:2");
    String store = folder.resolve("store").toString();
    for (int i = 1; i <= 3; i++) {
      disk("d" + i, 2 * MIB, i);
    }
    String place = "ssh://srv" + folder + "/d";
    Program.Ended all =
        program()
            .run("run", "capture", place + 1, place + 2, place + 3, place + 4, "--store", store);
    assertThat(all.status()).as(all.err()).isEqualTo(3);
    assertThat(all.out()).contains("srv.d1@1", "srv.d2@1", "srv.d3@1");
    assertThat(all.out() + all.err()).contains("no such file or device there");
    Path copy = folder.resolve("copy");
    Program.Ended back =
        program().run("run", "restore", "srv.d2", "--store", store, "--to", copy.toString());
    assertThat(back.status()).as(back.err()).isZero();
    assertThat(Files.mismatch(copy, folder.resolve("d2"))).isEqualTo(-1);
  }

  @Test
  void twoThatWouldBeCalledAlikeAreRefusedBeforeAnythingIsCaptured() throws Exception {
    path = OTHERS;
    String store = folder.resolve("store").toString();
    String one = Files.createDirectories(folder.resolve("a")).resolve("disk.img").toString();
    String other = Files.createDirectories(folder.resolve("b")).resolve("disk.img").toString();
    disk("a/disk.img", MIB, 1);
    disk("b/disk.img", MIB, 2);
    Program.Ended refused = program().run("run", "capture", one, other, "--store", store);
    assertThat(refused.status()).isEqualTo(1);
    assertThat(refused.err()).contains(one, other, "would both be called", "--name");
    Program.Ended alike =
        program().run("run", "capture", one, other, "--name", "x", "--name", "x", "--store", store);
    assertThat(alike.status()).isEqualTo(1);
    assertThat(alike.err()).contains("would both be called x");
    Program.Ended night =
        program().run("run", "nightly", "--drive", one, "--drive", other, "--store", store);
    assertThat(night.status()).isEqualTo(1);
    assertThat(night.err()).contains("would both be called");
    assertThat(program().run("run", "list", "--store", store).out()).doesNotContain("@1");
  }

  @Test
  void aPasswordInAPlaceIsRefusedAndKeptNowhere() throws Exception {
    path = OTHERS;
    String store = folder.resolve("store").toString();
    Program.Ended refused =
        program().run("run", "capture", "ssh://root:secret4711@srv/dev/sda", "--store", store);
    assertThat(refused.status()).isNotZero();
    assertThat(refused.err()).contains("a password does not belong in a place");
    assertThat(refused.out() + refused.err()).doesNotContain("secret4711");
    mustBeNowhere("secret4711");
  }

  private void mustBeNowhere(String word) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
        assertThat(bytes.contains(word)).as("%s", file).isFalse();
      }
    }
  }

  @Test
  void oneIsCapturedListedAndTakenByNight() throws Exception {
    start("chief", "");
    String store = folder.resolve("store").toString();
    Path disk = disk("disk", 4 * MIB, 1);
    String place = "ssh://srv" + disk;
    Program.Ended first =
        program().run("run", "capture", place, "--store", store, "--name", "a", "--json");
    assertThat(first.status()).as(first.err()).isZero();
    assertThat(first.lastLine()).contains("\"moved\":");
    Program.Ended night = program().run("run", "nightly", "--drive", place, "--store", store);
    assertThat(night.status()).as(night.err()).isZero();
    assertThat(night.out()).contains("srv.disk@1");
    String away = "ssh://srv" + folder.resolve("missing");
    Path here = disk("here", MIB, 2);
    Program.Ended some =
        program()
            .run(
                "run",
                "nightly",
                "--drive",
                away,
                "--drive",
                here.toString(),
                "--drive",
                place,
                "--keep-last",
                "1",
                "--store",
                store);
    assertThat(some.status()).as(some.err()).isEqualTo(3);
    assertThat(some.out()).contains(".here@1", "srv.disk@2", "verified");
    assertThat(some.out() + some.err()).contains(away, "no such file or device there");
    assertThat(program().run("run", "list", "--store", store).out()).doesNotContain("srv.disk@1");
    Program.Ended one = program().run("run", "drives", place);
    assertThat(one.status()).as(one.err()).isZero();
    assertThat(one.out()).contains("drive " + place);
  }

  @Test
  void aVersionIsRestoredToAnotherMachine() throws Exception {
    Tool.named("sudo");
    start("plain", SUDO.replace("(ALL) ALL", "(ALL) NOPASSWD: ALL"));
    String store = folder.resolve("store").toString();
    Path disk = disk("disk", 4 * MIB, 1);
    Program.Ended kept =
        program().run("run", "capture", disk.toString(), "--store", store, "--name", "a");
    assertThat(kept.status()).as(kept.err()).isZero();
    Path backing = disk("backing", 4 * MIB, 2);
    try (LoopDevice loop = LoopDevice.attach(backing, 512)) {
      String place = "ssh://srv" + loop.path();
      Program.Ended refused = restore(store, place, "--overwrite");
      assertThat(refused.status()).isEqualTo(1);
      assertThat(refused.err()).contains("Permission denied", "--sudo");
      assertThat(restore(store, place, "--sudo").err()).contains("it exists");
      Program.Ended done = restore(store, place, "--sudo", "--overwrite");
      assertThat(done.status()).as(done.err()).isZero();
      String name = loop.path().getFileName().toString();
      assertThat(done.err()).contains("writing to " + name + " on srv", "backing file " + backing);
      assertThat(done.out()).contains(place, "moved");
      assertThat(Files.mismatch(backing, disk)).isEqualTo(-1);
      Program.Ended again = restore(store, place, "--sudo", "--only-changed", "--json");
      assertThat(again.lastLine()).contains("\"written\":0");
    }
    Path file = folder.resolve("sshd/plain/restored");
    assertThat(restore(store, "ssh://srv" + file).status()).isZero();
    assertThat(Files.mismatch(file, disk)).isEqualTo(-1);
  }

  @Test
  void limitsOfBandwidthAndTimeAreKeptToAndRefusedByName() throws Exception {
    start("chief", "");
    String store = folder.resolve("store").toString();
    Path disk = Files.write(folder.resolve("disk"), Content.random(2 * MIB, 1));
    String place = "ssh://srv" + disk;
    String[] capture = {"run", "capture", place, "--store", store, "--name", "a"};
    long began = System.nanoTime();
    Program.Ended kept = with(capture, "--bandwidth", "1M", "--timeout", "1m");
    assertThat(kept.status()).as(kept.err()).isZero();
    assertThat(System.nanoTime() - began).isGreaterThan(1_600_000_000L);
    Path file = folder.resolve("copy");
    began = System.nanoTime();
    Program.Ended back = restore(store, "ssh://srv" + file, "--bandwidth", "1M");
    assertThat(back.status()).as(back.err()).isZero();
    assertThat(System.nanoTime() - began).isGreaterThan(1_600_000_000L);
    assertThat(Files.mismatch(file, disk)).isEqualTo(-1);
    Program.Ended night =
        program().run("run", "nightly", "--drive", place, "--store", store, "--bandwidth", "100M");
    assertThat(night.status()).as(night.err()).isZero();

    assertThat(with(capture, "--bandwidth", "1K").err())
        .contains("1024 bytes a second are not from 16384");
    assertThat(with(capture, "--timeout", "1s").err())
        .contains("a timeout of 1s is not from 5 seconds to 7 days");
    capture[2] = disk.toString();
    Program.Ended near = with(capture, "--bandwidth", "1M");
    assertThat(near.status()).isEqualTo(2);
    assertThat(near.err()).contains("fit ssh://HOST/PATH");
    capture[2] = "nbd://localhost/x";
    assertThat(with(capture, "--timeout", "1m").err()).contains("it is not reached over ssh");
    assertThat(restore(store, folder.resolve("here").toString(), "--bandwidth", "1M").err())
        .contains("it is not reached over ssh");
  }

  private Program.Ended with(String[] words, String... more) throws Exception {
    return program().run(Stream.concat(Stream.of(words), Stream.of(more)).toArray(String[]::new));
  }

  private Program.Ended restore(String store, String place, String... words) throws Exception {
    Stream<String> all = Stream.of("run", "restore", "a", "--store", store, "--to", place);
    return program().run(Stream.concat(all, Stream.of(words)).toArray(String[]::new));
  }

  @Test
  void theScriptOfDiskdumpDumpsOtherMachinesIntoBothKindsOfStore() throws Exception {
    start("chief", "");
    Path one = disk("one", 3 * MIB + 5, 1);
    Path two = disk("two", 2 * MIB, 2);
    Path missing = folder.resolve("missing");
    for (String kind : new String[] {"blksh", "diskdump"}) {
      Path base = Files.createDirectories(folder.resolve("base-" + kind));
      Program diskdump = program().with("DISKDUMP_BASE", base.toString());
      Program.Ended dump =
          diskdump.run(
              "run",
              "diskdump",
              "--format",
              kind,
              "srv:" + one + ":" + missing,
              "localhost:" + two,
              "--as",
              "mine");
      assertThat(dump.status()).as(kind + dump.out() + dump.err()).isEqualTo(3);
      assertThat(dump.out() + dump.err()).contains(missing.toString(), "no such file or device");
      String name = "srv." + one.toString().replace('/', '.');
      mustRestore(diskdump, name, one);
      mustRestore(diskdump, "mine", two);
    }
  }

  private void mustRestore(Program diskdump, String name, Path like) throws Exception {
    Path copy = folder.resolve("restored");
    Program.Ended back =
        diskdump.run("run", "diskdump", "restore", name, "-o", copy.toString(), "--overwrite");
    assertThat(back.status()).as(back.err()).isZero();
    assertThat(Files.mismatch(copy, like)).isEqualTo(-1);
  }

  @Test
  void thePasswordForSudoIsAskedForAtTheTerminalAndShownNowhere() throws Exception {
    Tool.named("sudo");
    start("plain", SUDO);
    Path disk = disk("disk", MIB, 1);
    Tool.named("chmod").run("600", disk);
    String store = folder.resolve("store").toString();
    Program.Ended nobody =
        program().run("run", "capture", "ssh://srv" + disk, "--store", store, "--sudo");
    assertThat(nobody.status()).isEqualTo(1);
    assertThat(nobody.err()).contains("a password is required", "NOPASSWD");

    Path log = folder.resolve("log");
    Process process =
        atTerminal("run capture ssh://srv" + disk + " --store " + store + " --sudo", log);
    Await.await(() -> Files.readString(log).contains("password for sudo on srv"));
    process.getOutputStream().write("secret4711\n".getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    String seen = Files.readString(log);
    assertThat(process.exitValue()).as(seen).isZero();
    assertThat(seen).contains("srv.disk@1");
    mustBeNowhere("secret4711");
  }

  private Process atTerminal(String words, Path log) throws IOException {
    ProcessBuilder builder =
        Child.of(Tool.path("script"), "-qfec", Program.quoted() + " " + words, "/dev/null")
            .redirectErrorStream(true);
    builder.environment().put("BLKSH_HOME", folder.resolve("home").toString());
    builder.environment().put("BLKSH_NO_BUILD", "1");
    builder.environment().put("PATH", path);
    builder.environment().put("SHELL", "/bin/sh");
    return builder.redirectOutput(log.toFile()).start();
  }

  @Test
  void workInTheBackgroundAsksNobodyForAPassword() throws Exception {
    Tool.named("sudo");
    start("plain", SUDO);
    Path disk = disk("disk", MIB, 1);
    Path script =
        Files.writeString(
            folder.resolve("behind.kts"),
            "bg { drive(\"ssh://srv%s\", sudo = true).size }.await()\n".formatted(disk));
    Path log = folder.resolve("log");
    Process process = atTerminal("run " + script, log);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readString(log))
        .contains("a password is required", "not in the background")
        .doesNotContain("password for sudo");
  }
}
