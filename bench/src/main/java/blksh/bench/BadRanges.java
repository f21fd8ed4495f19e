package blksh.bench;

import blksh.block.BlockSource;
import blksh.block.SourceInfo;
import blksh.cache.Cache;
import blksh.cache.CacheOptions;
import blksh.cache.RescueOptions;
import blksh.cache.RescueReport;
import blksh.io.UnreadableException;
import blksh.store.CaptureOptions;
import blksh.store.CaptureResult;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.task.Task;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A medium every other sector of which is bad, and its map: loads it, saves it, tries all bad
 * sectors once more, in vain, saves and exports nothing; then captures the medium. Arguments: a
 * directory, how many bad ranges. Run by {@code bench/ranges.sh}.
 */
public final class BadRanges {

  private static final int SECTOR = 512;

  private BadRanges() {}

  /** Zeros, and every odd sector bad. */
  private record Medium(long size) implements BlockSource {

    @Override
    public int read(long position, ByteBuffer target) {
      long end = Math.min(size, position + target.remaining());
      for (long at = position; at < end; ) {
        if (at / SECTOR % 2 == 1) {
          throw new UnreadableException("medium", at, end - at, "input/output error", null);
        }
        long to = Math.min(end, (at / SECTOR + 1) * SECTOR);
        target.put(new byte[(int) (to - at)]);
        at = to;
      }
      return (int) (end - position);
    }

    @Override
    public SourceInfo describe() {
      return new SourceInfo("medium", "medium", "medium");
    }

    @Override
    public void close() {}
  }

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    long ranges = Long.parseLong(arguments[1]);
    long size = 2 * ranges * SECTOR;
    Path map = folder.resolve("map");
    try (BufferedWriter text = Files.newBufferedWriter(map)) {
      text.write("0x0 ? 1\n");
      for (long i = 0; i < 2 * ranges; i++) {
        text.write("0x%08X  0x00000200  %c\n".formatted(i * SECTOR, i % 2 == 0 ? '+' : '-'));
      }
    }
    Path data = folder.resolve("data");
    try (var file =
        Files.newByteChannel(
            data,
            java.util.EnumSet.of(
                java.nio.file.StandardOpenOption.CREATE_NEW,
                java.nio.file.StandardOpenOption.WRITE,
                java.nio.file.StandardOpenOption.SPARSE))) {
      file.position(size - 1).write(ByteBuffer.wrap(new byte[1]));
    }
    long began = System.nanoTime();
    Cache cache = Cache.open(new Medium(size), data, map, CacheOptions.defaults());
    began = told("load", began);
    cache.flush();
    began = told("save", began);
    Task task = Task.unwatched();
    RescueReport report = cache.rescue(RescueOptions.defaults().withRetries(1), task);
    began = told("retry all, and save", began);
    cache.close();
    began = told("close", began);
    try (Store store = Store.create(folder.resolve("store"), StoreOptions.defaults())) {
      CaptureResult captured =
          store.capture(new Medium(size), "bad", CaptureOptions.defaults(), Task.unwatched());
      told("capture", began);
      System.out.println(captured.manifest().figures().badBytes() + " bad bytes captured");
    }
    System.out.println(report.badRanges() + " bad ranges; " + task.findings());
    Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM"))
        .forEach(System.out::println);
  }

  private static long told(String what, long began) {
    long now = System.nanoTime();
    System.out.printf("%-20s %7.1f s%n", what, (now - began) / 1e9);
    return now;
  }
}
