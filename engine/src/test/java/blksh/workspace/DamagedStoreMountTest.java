package blksh.workspace;

import static blksh.kit.Await.pause;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.kit.Child;
import blksh.kit.ChildJvm;
import blksh.kit.Component;
import blksh.kit.Effort;
import blksh.mount.fuse.MountOptions;
import blksh.store.CaptureOptions;
import blksh.store.Store;
import blksh.task.Task;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sixteen readers, in and out of order, of a mounted version whose store is damaged in many places:
 * each gets the right bytes or an error, and the process that serves them does not grow. {@code
 * -Dblksh.soak.seconds=300} makes it long, {@code -Dblksh.soak.mib=1024} makes the image large.
 */
class DamagedStoreMountTest {

  private static final int SECONDS = Effort.of("blksh.soak.seconds", 4, 300);
  private static final int MIB = Effort.of("blksh.soak.mib", 96, 1024);
  private static final int READERS = 16;
  private static final int MOST_RESIDENT_KIB = 300 << 10;

  @TempDir Path folder;

  /** Mounts a store and serves until it is ended. Arguments: home, store, directory. */
  static final class Serving {
    public static void main(String[] arguments) throws InterruptedException {
      try (Workspace workspace = Workspace.open(Path.of(arguments[0]))) {
        workspace
            .mounts()
            .mount(
                MountSource.of(workspace.store(Path.of(arguments[1]))),
                Path.of(arguments[2]),
                MountOptions.defaults());
        System.out.println("mounted");
        workspace.mounts().awaitEnd();
      }
    }
  }

  @Test
  void readersOfADamagedStoreGetRightBytesOrAnErrorInBoundedMemory() throws Exception {
    Component.needFuse();
    folder = folder.toRealPath();
    Path image = image();
    Path store = folder.resolve("store");
    try (Store made = Store.openOrCreate(store);
        BlockSource source = BlockSources.open(image)) {
      made.capture(source, "disk", CaptureOptions.defaults(), Task.unwatched());
    }
    damage(store);
    Path point = folder.resolve("point");
    Process server =
        ChildJvm.start(
            List.of("-XX:TieredStopAtLevel=4", "-Xmx160m", "-XX:+UseSerialGC"),
            Serving.class,
            folder.resolve("home").toString(),
            store.toString(),
            point.toString());
    try {
      assertThat(server.inputReader().readLine()).isEqualTo("mounted");
      soak(point.resolve("disk/1"), image, server.pid());
    } finally {
      Child.of("fusermount", "-u", "-z", point.toString()).start().waitFor();
      server.waitFor();
    }
  }

  /** Data that compresses, data that does not, and holes. */
  private Path image() throws IOException {
    Path image = folder.resolve("disk.img");
    Random random = new Random(1);
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      byte[] piece = new byte[1 << 20];
      for (int i = 0; i < MIB; i++) {
        if (i % 5 != 0) {
          random.nextBytes(piece);
          for (int at = 0; i % 2 == 0 && at < piece.length; at += 4096) {
            Arrays.fill(piece, at + 1000, at + 4000, (byte) at);
          }
          file.seek((long) i << 20);
          file.write(piece);
        }
      }
      file.setLength(((long) MIB << 20) + 1234);
    }
    return image;
  }

  private static void damage(Path store) throws IOException {
    Random random = new Random(2);
    List<Path> packs;
    try (Stream<Path> files = Files.walk(store.resolve("packs"))) {
      packs = files.filter(file -> file.toString().endsWith(".pack")).sorted().toList();
    }
    for (Path pack : packs) {
      try (RandomAccessFile file = new RandomAccessFile(pack.toFile(), "rw")) {
        for (int i = 0; i < 40; i++) {
          long at = (long) (random.nextDouble() * file.length() * 0.98);
          file.seek(at);
          int old = file.read();
          file.seek(at);
          file.write(old ^ 1 << random.nextInt(8));
        }
      }
    }
  }

  private static void soak(Path mounted, Path image, long server) throws Exception {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    AtomicBoolean over = new AtomicBoolean();
    AtomicLong right = new AtomicLong();
    AtomicLong refused = new AtomicLong();
    List<Thread> readers = new ArrayList<>();
    for (int i = 0; i < READERS; i++) {
      Random random = new Random(i);
      boolean inOrder = i % 2 == 0;
      Thread reader =
          new Thread(
              () -> {
                try {
                  while (!over.get()) {
                    read(mounted, image, random, inOrder, over, right, refused);
                  }
                } catch (Throwable e) {
                  failure.compareAndSet(null, e);
                  over.set(true);
                }
              });
      reader.start();
      readers.add(reader);
    }
    long most = 0;
    StringBuilder resident = new StringBuilder();
    for (int second = 0; second < SECONDS && !over.get(); second++) {
      pause(1000);
      long now = residentKib(server);
      most = Math.max(most, now);
      if (second % 10 == 0) {
        resident.append(' ').append(now >> 10);
      }
    }
    over.set(true);
    for (Thread reader : readers) {
      reader.join();
    }
    System.out.printf(
        "%d MiB right, %d reads refused, resident MiB%s%n",
        right.get() >> 20, refused.get(), resident);
    assertThat(failure.get()).isNull();
    assertThat(right.get()).isPositive();
    assertThat(refused.get()).isPositive();
    assertThat(most).isLessThan(MOST_RESIDENT_KIB);
  }

  private static long residentKib(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    return 0;
  }

  /** Opens the file, reads a while, and compares with the image. */
  private static void read(
      Path mounted,
      Path image,
      Random random,
      boolean inOrder,
      AtomicBoolean over,
      AtomicLong right,
      AtomicLong refused)
      throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(mounted.toFile(), "r");
        RandomAccessFile truth = new RandomAccessFile(image.toFile(), "r")) {
      long size = truth.length();
      assertThat(file.length()).isEqualTo(size);
      byte[] found = new byte[inOrder ? 300_000 : 16_384];
      byte[] expected = new byte[found.length];
      long at = (long) (random.nextDouble() * size);
      for (int i = 0; i < 200 && !over.get(); i++) {
        if (!inOrder || at >= size) {
          at = (long) (random.nextDouble() * size);
        }
        int length = 1 + random.nextInt(found.length);
        file.seek(at);
        int count;
        try {
          count = file.read(found, 0, length);
        } catch (IOException e) {
          assertThat(e).hasMessageContaining("Input/output error");
          refused.incrementAndGet();
          at += length;
          continue;
        }
        assertThat(count).as("bytes at %d", at).isPositive();
        truth.seek(at);
        truth.readFully(expected, 0, count);
        int wrong = Arrays.mismatch(found, 0, count, expected, 0, count);
        assertThat(wrong).as("first wrong of %d bytes at %d", count, at).isEqualTo(-1);
        right.addAndGet(count);
        at += count;
      }
    }
  }
}
