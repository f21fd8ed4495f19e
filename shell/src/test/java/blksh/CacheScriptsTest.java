package blksh;

import static blksh.kit.Await.await;
import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    assertThat(run("eval", "caches[\"disc\"].map").out()).contains("finished 24 MiB");
    assertThat(run("eval", "caches[\"disk\"]").err())
        .contains("cannot find cache disk: no such cache is known; there are disc");
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
    assertThat(run("eval", "caches").out()).contains("disc.img ", "disc.img-2", "100.0 %");
    Ended refused = run("run", "blkcache", drive.toString(), two.toString());
    assertThat(refused.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(refused.err()).contains("exists already");
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
      assertThat(run("eval", "drives[\"" + name + "\"]").out())
          .containsPattern("size +2 MiB")
          .containsPattern("backing file +" + medium);
      assertThat(run("eval", "drives[\"sdzz9\"]").err()).contains("there is none; there are");
    } finally {
      assertThat(call("losetup", "-d", device)).isZero();
    }
  }
}
