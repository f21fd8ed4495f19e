package blksh.bench;

import blksh.block.BlockSource;
import blksh.block.FileSource;
import blksh.filesystem.UsedBlocks;
import blksh.store.CaptureOptions;
import blksh.store.CaptureResult;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Captures an image without the free blocks of its file system, of which there are many. Arguments:
 * a directory, the image. Run by {@code bench/ranges.sh}.
 */
public final class ManyFree {

  private ManyFree() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    long began = System.nanoTime();
    try (Store store = Store.create(folder.resolve("free-store"), StoreOptions.defaults());
        BlockSource image =
            UsedBlocks.skipFree(FileSource.open(Path.of(arguments[1])))
                .inPages(store.pageSize().bytes())) {
      CaptureResult captured =
          store.capture(image, "free", CaptureOptions.defaults(), Task.unwatched());
      System.out.printf("%-20s %7.1f s%n", "capture", (System.nanoTime() - began) / 1e9);
      System.out.println(captured.manifest().figures().freeBytes() + " bytes free");
    }
    Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM"))
        .forEach(System.out::println);
  }
}
