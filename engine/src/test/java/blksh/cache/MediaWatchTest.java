package blksh.cache;

import static blksh.kit.Await.await;
import static blksh.kit.Await.pause;
import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSources;
import blksh.block.DirectSource;
import blksh.block.MediaSlot;
import blksh.kit.LoopDevice;
import blksh.kit.Reading;
import blksh.kit.Tool;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Media that come and go: loop devices behind one path, and one loop device with other files. */
class MediaWatchTest {

  @TempDir Path folder;

  private final BlockingQueue<Cache> visits = new LinkedBlockingQueue<>();

  /** Stays with a medium until it is gone. */
  private void stay(Cache cache, Task task) {
    CompletableFuture<Void> gone = new CompletableFuture<>();
    task.whenCancelled(() -> gone.complete(null));
    visits.add(cache);
    gone.join();
  }

  private CompletableFuture<List<MediaWatch.Visited>> watch(
      Path path, boolean direct, Task task, MediaWatch.Visit visit) {
    MediaWatch watch =
        new MediaWatch(
            MediaSlot.at(path),
            folder.resolve("disc"),
            CacheOptions.defaults(),
            direct ? DirectSource::open : BlockSources::open);
    return CompletableFuture.supplyAsync(() -> watch.run(0, task, visit));
  }

  private Cache next() throws InterruptedException {
    Cache cache = visits.poll(20, TimeUnit.SECONDS);
    assertThat(cache).as("a visit").isNotNull();
    return cache;
  }

  /** Puts something under a path at once, as a drive that takes a disc in. */
  private static void point(Path path, Path at) throws IOException {
    Path fresh = path.resolveSibling("fresh");
    Files.createSymbolicLink(fresh, at);
    Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  @Timeout(60)
  void eachMediumHasItsOwnCacheWhichGoesOnWhenItComesBack() throws Exception {
    Path one = Files.write(folder.resolve("one"), random(2 * MIB, 1));
    Path two = Files.write(folder.resolve("two"), random(3 * MIB, 2));
    Path drive = folder.resolve("drive");
    Task task = new Task("watch", "drive");
    var watching = watch(drive, true, task, this::stay);
    try (LoopDevice first = LoopDevice.attach(one, 512);
        LoopDevice second = LoopDevice.attach(two, 512)) {
      point(drive, first.path());
      Cache cache = next();
      Path data = cache.dataFile();
      assertThat(Reading.read(cache, MIB, 512))
          .isEqualTo(Reading.read(BlockSources.open(one), MIB, 512));
      Files.delete(drive);
      pause(1500); // it looks every second, and sees that there is none
      point(drive, second.path());
      Cache other = next();
      assertThat(other.size()).isEqualTo(3 * MIB);
      assertThat(other.dataFile()).isNotEqualTo(data);
      point(drive, first.path()); // changed within one look
      Cache again = next();
      assertThat(again.dataFile()).isEqualTo(data);
      assertThat(again.map().bytes(RescueStatus.FINISHED)).isPositive();
      task.cancel();
      List<MediaWatch.Visited> visited = watching.get(20, TimeUnit.SECONDS);
      assertThat(visited).hasSize(3);
      assertThat(visited)
          .extracting(MediaWatch.Visited::removed)
          .containsExactly(true, true, false);
      assertThat(task.findings()).isEmpty();
    }
  }

  @Test
  @Timeout(60)
  void aLoopDeviceDetachedUnderTheCacheIsLetGo() throws Exception {
    Path one = Files.write(folder.resolve("one"), random(2 * MIB, 1));
    Path two = Files.write(folder.resolve("two"), random(2 * MIB, 2));
    Task task = new Task("watch", "loop");
    Path path;
    CompletableFuture<List<MediaWatch.Visited>> watching;
    try (LoopDevice loop = LoopDevice.attach(one, 512)) {
      path = loop.path();
      watching = watch(path, true, task, this::stay);
      next();
    }
    await(() -> MediaSlot.at(path).medium().isEmpty());
    Tool.named("losetup").run(path, two);
    try {
      Cache cache = next();
      assertThat(Reading.read(cache, 0, 512))
          .isEqualTo(Reading.read(BlockSources.open(two), 0, 512));
      task.cancel();
      assertThat(watching.get(20, TimeUnit.SECONDS)).hasSize(2);
    } finally {
      task.cancel();
      watching.get(20, TimeUnit.SECONDS);
      Tool.named("losetup").run("-d", path);
    }
  }

  @Test
  @Timeout(60)
  void aMediumThatFailsIsAFindingAndTheNextIsVisited() throws Exception {
    Path drive = Files.write(folder.resolve("drive"), random(MIB, 1));
    AtomicBoolean failing = new AtomicBoolean(true);
    Task task = new Task("watch", "drive");
    var watching =
        watch(
            drive,
            false,
            task,
            (cache, inner) -> {
              visits.add(cache);
              if (failing.getAndSet(false)) {
                throw new blksh.BlkshException("fill it", "it is cursed");
              }
              cache.fill(inner);
              inner.finding("looked at it");
            });
    next();
    // taken out before, its failure would be no surprise
    await(() -> !task.findings().isEmpty());
    Files.move(
        Files.write(folder.resolve("other"), random(MIB, 2)),
        drive,
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    await(() -> task.findings().size() >= 2);
    task.cancel();
    List<MediaWatch.Visited> visited = watching.get(20, TimeUnit.SECONDS);
    assertThat(visited).hasSize(1);
    assertThat(visited.get(0).report().finishedBytes()).isEqualTo(MIB);
    assertThat(task.findings()).containsExactly("cannot fill it: it is cursed", "looked at it");
  }
}
