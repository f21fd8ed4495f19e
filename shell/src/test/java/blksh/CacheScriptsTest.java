package blksh;

import static blksh.kit.Await.await;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.cache.RescueMap;
import blksh.kit.Child;
import blksh.kit.Component;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.kit.Tool;
import blksh.session.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Drives, caches and rescues as a user runs them. */
class CacheScriptsTest {

  @TempDir Path home;

  private Path medium(String name, int size) throws IOException {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return Files.write(home.resolve(name), bytes);
  }

  private Ended run(String... words) throws Exception {
    return new Program(home).run(words);
  }

  /** The same in this Java, for what the real one compiles as it does the rest. */
  private Ended here(String... words) throws Exception {
    return Here.run(home, words);
  }

  private static int call(String... command) throws Exception {
    return Child.of(command).inheritIO().start().waitFor();
  }

  @Test
  void aRescueGoesOnWhereDdrescueStoppedAndTheOtherWayRound() throws Exception {
    Tool.named("ddrescue");
    Path medium = medium("medium", 3_000_320);
    String copy = home.resolve("copy").toString();
    assertThat(call("ddrescue", "-q", "-s", "1Mi", medium.toString(), copy, copy + ".map"))
        .isZero();
    Ended ended = run("run", "rescue", medium.toString(), copy);
    assertThat(ended.status()).as(ended.err()).isZero();
    assertThat(ended.out()).contains("finished 2.9 MiB").containsPattern("this time +1.9 MiB");
    assertThat(Files.mismatch(medium, Path.of(copy))).isEqualTo(-1);
    assertThat(call("ddrescuelog", "-d", copy + ".map")).isZero(); // deletes it if finished
    assertThat(Path.of(copy + ".map")).doesNotExist();
  }

  @Test
  void aCacheOfADiskIsASourceLikeAnyOther() throws Exception {
    String disk = "sampleDisk(1)";
    String script =
        """
        val it = cache(%s, "%s/disc")
        val used = it.usedBlocks.free
        it.fill()
        "${it.compare(%s).same} ${used == %s.usedBlocks.free} ${it.read == it.size} ${caches["disc"].bad}"
        """
            .formatted(disk, home, disk, disk);
    Path file = Files.writeString(home.resolve("try.kts"), script);
    Ended ended = run("run", file.toString());
    assertThat(ended.err()).doesNotContain("cannot");
    assertThat(ended.out()).isEqualTo("true true true 0 B\n");
    assertThat(here("eval", "caches[\"disc\"].map").out()).contains("finished 24 MiB");
    assertThat(here("eval", "caches[\"disk\"]").err())
        .contains(
            "cannot find cache disk: no such cache is known; did you mean disc? there are disc");
  }

  @Test
  void oneDiscAfterAnotherAppearsAsAFile() throws Exception {
    Component.needFuse();
    Path one = medium("one", 4_000_256);
    Path two = medium("two", 5_000_192);
    Path drive = home.resolve("drive");
    Path file = home.resolve("disc.img");
    Process served =
        new Program(home).start("run", "blkcache", drive.toString(), file.toString(), "--fill");
    try {
      Files.copy(one, home.resolve("fresh"));
      Files.move(home.resolve("fresh"), drive);
      awaitSize(file, 4_000_256);
      assertThat(Files.mismatch(file, one)).isEqualTo(-1);
      Files.copy(two, home.resolve("fresh"));
      Files.move(home.resolve("fresh"), drive, StandardCopyOption.ATOMIC_MOVE);
      awaitSize(file, 5_000_192);
      assertThat(Files.mismatch(file, two)).isEqualTo(-1);
    } finally {
      served.destroy();
      assertThat(served.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(Files.exists(file, LinkOption.NOFOLLOW_LINKS)).isFalse();
    assertThat(here("eval", "caches").out()).contains("disc.img ", "disc.img-2", "100.0 %");
    Ended refused = run("run", "blkcache", drive.toString(), two.toString());
    assertThat(refused.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(refused.err()).contains("exists already");
  }

  private Ended signalled(Program blksh, String signal, String... options) throws Exception {
    Component.needFuse();
    Path one = medium("one", 4_000_256);
    Path file = home.resolve("disc.img");
    List<String> words = new ArrayList<>(List.of("run", "blkcache", "" + one, "" + file));
    words.addAll(List.of(options));
    Process served = blksh.start(words.toArray(String[]::new));
    Path mounted;
    try {
      awaitSize(file, 4_000_256);
      assertThat(Files.mismatch(file, one)).isEqualTo(-1);
      mounted = Files.readSymbolicLink(file).getParent();
      call("kill", "-" + signal, Long.toString(served.pid()));
    } catch (Throwable failure) {
      served.destroy();
      throw failure;
    }
    Ended ended = blksh.end(served);
    assertThat(Files.exists(file, LinkOption.NOFOLLOW_LINKS)).isFalse();
    assertThat(mounted).doesNotExist();
    return ended;
  }

  private List<Path> kept() throws IOException {
    try (Stream<Path> files = Files.list(home)) {
      return files.filter(each -> each.getFileName().toString().contains(".cache.")).toList();
    }
  }

  @ParameterizedTest
  @CsvSource({"HUP, 129", "INT, 130", "QUIT, 131", "TERM, 143"})
  void everySignalThatEndedBlkcacheEndsItsScriptInOrder(String signal, int status)
      throws Exception {
    // What Java starts has QUIT blocked, as Java's own threads have.
    String unblocked = "sigprocmask(SIG_SETMASK, POSIX::SigSet->new); exec {$ARGV[0]} @ARGV";
    Program blksh =
        new Program(home)
            .by("perl", "-MPOSIX", "-e", unblocked, "--", Program.launcher().toString());
    Ended ended = signalled(blksh, signal, "--log-level", "DEBUG", "-k");
    assertThat(ended.status()).isEqualTo(status);
    assertThat(ended.out()).contains("disc.img: 3.8 MiB").doesNotContain("thread dump");
    assertThat(kept()).hasSize(2);
    Path map = kept().stream().filter(each -> each.toString().endsWith("map")).findAny().get();
    assertThat(RescueMap.read(map, 4_000_256).isFinished()).isTrue();
  }

  @Test
  void aSignalEndsBlkcacheInTheBackgroundOfAScriptToo() throws Exception {
    Program ignoring =
        new Program(home)
            .by("/usr/bin/env", "--ignore-signal=INT,QUIT", Program.launcher().toString());
    Ended ended = signalled(ignoring, "INT", "--no-keep-cache", "--log-level", "error");
    assertThat(ended.status()).isEqualTo(ExitStatus.INTERRUPTED);
    assertThat(ended.out()).doesNotContain("MiB of medium");
    assertThat(kept()).isEmpty();
  }

  @Test
  void tenThousandBadRangesAreOneSentenceAndATable() throws Exception {
    StringBuilder map = new StringBuilder("0 ? 1\n");
    for (int i = 0; i < 20_000; i++) {
      map.append(i * 1024).append(" 1024 ").append(i % 2 == 0 ? '+' : '-').append('\n');
    }
    Files.writeString(home.resolve("map"), map);
    for (String name : List.of("source", "copy")) {
      try (var file = new java.io.RandomAccessFile(home.resolve(name).toFile(), "rw")) {
        file.setLength(20_000 * 1024);
      }
    }
    Ended ended =
        run(
            "run",
            "rescue",
            "" + home.resolve("source"),
            "" + home.resolve("copy"),
            "--map",
            "" + home.resolve("map"));
    assertThat(ended.status()).isEqualTo(ExitStatus.FINDINGS);
    assertThat(ended.err())
        .contains("10000 ranges, 10240000 bytes cannot be read, the first at byte 1024;");
    assertThat(ended.err().lines().filter(line -> line.contains("at byte"))).hasSize(1);
    assertThat(ended.out().lines().count()).isBetween(20L, 60L);
  }

  @Test
  void whatAMapfileHoldsDoesNothingAtTheTerminal() throws Exception {
    Path medium = medium("medium", 10_240);
    Path map = Files.writeString(home.resolve("map"), "0 ? 1\n0 512\033[31m +" + "x".repeat(5000));
    Ended ended =
        run("run", "rescue", medium.toString(), "" + home.resolve("c"), "--map", map.toString());
    assertThat(ended.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(ended.err()).contains("line 2 has no end: 0 512\u241b[31m +xxx");
    assertThat(ended.err().length()).isLessThan(400);
  }

  private static void awaitSize(Path file, long size) throws Exception {
    await(() -> Files.exists(file) && Files.size(file) == size);
  }

  @Test
  void aLoopDeviceIsListedAndDescribed() throws Exception {
    Component.needRoot();
    Path medium = medium("medium", 2 << 20);
    Process attach = Child.of("losetup", "-f", "--show", medium.toString()).start();
    String device = new String(attach.getInputStream().readAllBytes()).strip();
    try {
      String name = device.substring("/dev/".length());
      assertThat(run("run", "drives").out()).contains(name, medium.toString());
      assertThat(here("eval", "drives[\"" + name + "\"]").out())
          .containsPattern("size +2 MiB")
          .containsPattern("backing file +" + medium);
      assertThat(here("eval", "drives[\"sdzz9\"]").err()).contains("there is none; there are");
    } finally {
      assertThat(call("losetup", "-d", device)).isZero();
    }
  }
}
