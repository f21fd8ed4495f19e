package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.SourceInfo;
import blksh.kit.ChildJvm;
import blksh.kit.InMemory;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Captures one after another and several at a time live on the memory of a few. */
class ManyCapturesTest {

  private static final int CAPTURES = 40;
  private static final int JOBS = 3;

  @TempDir(factory = InMemory.class)
  Path folder;

  /**
   * The child has direct memory for a few captures, and nothing is collected in it: its young
   * generation is larger than all it ever makes, with small pieces of it for the many threads.
   */
  @Test
  void smallCapturesOfSeveralJobsNeedNoCollection() throws Exception {
    Path said = folder.resolve("said");
    Process child =
        ChildJvm.start(
            said,
            List.of(
                "-XX:+UseSerialGC",
                "-Xms400m",
                "-Xmx400m",
                "-Xmn320m",
                "-XX:TLABSize=64k",
                "-XX:-ResizeTLAB",
                "-XX:MetaspaceSize=128m",
                "-XX:+DisableExplicitGC",
                "-XX:ActiveProcessorCount=2",
                "-XX:MaxDirectMemorySize=32m"),
            Jobs.class,
            folder.resolve("store").toString());
    assertThat(child.waitFor()).isZero();
    String[] words = Files.readString(said).trim().split(" ");
    assertThat(words).startsWith("done", Integer.toString(JOBS * CAPTURES));
    assertThat(Integer.parseInt(words[2])).as("collections").isZero();
    assertThat(Long.parseLong(words[3])).as("bytes of direct memory").isLessThan(24L << 20);
  }

  /** Captures that end well, that fail and that are cancelled, by several jobs at once. */
  static final class Jobs {
    public static void main(String[] arguments) throws Exception {
      try (Store store = Store.create(Path.of(arguments[0]), StoreOptions.defaults())) {
        List<Thread> jobs = new ArrayList<>();
        int[] captured = new int[JOBS];
        for (int job = 0; job < JOBS; job++) {
          int number = job;
          Thread thread = new Thread(() -> captured[number] = captures(store, number));
          jobs.add(thread);
          thread.start();
        }
        int sum = 0;
        for (int job = 0; job < JOBS; job++) {
          jobs.get(job).join();
          sum += captured[job];
        }
        long collections =
            ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(bean -> bean.getCollectionCount())
                .sum();
        long direct =
            ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getTotalCapacity)
                .sum();
        System.out.println("done " + sum + " " + collections + " " + direct);
      }
    }

    private static int captures(Store store, int job) {
      Random random = new Random(job);
      int ended = 0;
      for (int i = 0; i < CAPTURES; i++) {
        byte[] bytes = new byte[1 + random.nextInt(600_000)];
        random.nextBytes(bytes);
        Task task = Task.unwatched();
        int outcome = i % 4;
        Runnable reading =
            switch (outcome) {
              case 1 -> Jobs::fail;
              case 2 -> task::cancel;
              default -> () -> {};
            };
        BlockSource source = new Watched(new ByteArraySource(bytes), reading);
        try {
          store.capture(source, "job" + job, CaptureOptions.defaults(), task);
          ended += outcome == 0 || outcome == 3 ? 1 : 0;
        } catch (CancelledException e) {
          ended += outcome == 2 ? 1 : 0;
        } catch (IllegalStateException e) {
          ended += outcome == 1 ? 1 : 0;
        }
      }
      return ended;
    }

    private static void fail() {
      throw new IllegalStateException("as it shall");
    }
  }

  /** Something happens at each read of it. */
  private record Watched(BlockSource source, Runnable reading) implements BlockSource {
    @Override
    public long size() {
      return source.size();
    }

    @Override
    public int read(long position, ByteBuffer target) {
      reading.run();
      return source.read(position, target);
    }

    @Override
    public SourceInfo describe() {
      return source.describe();
    }

    @Override
    public void close() {
      source.close();
    }
  }
}
