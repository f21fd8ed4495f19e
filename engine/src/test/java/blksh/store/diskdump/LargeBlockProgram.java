package blksh.store.diskdump;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.task.Task;
import java.nio.file.Path;

/**
 * Records a dump of an image in blocks of the largest size, twice, the second time from the dump
 * itself, and verifies them. Arguments: the base and the image. Fails where the memory does not do.
 */
final class LargeBlockProgram {

  private LargeBlockProgram() {}

  public static void main(String[] arguments) {
    Diskdump store = Diskdump.create(Path.of(arguments[0]), DumpManifest.LARGEST_BLOCK);
    try (BlockSource source = BlockSources.open(Path.of(arguments[1]))) {
      record(store, source);
    }
    try (BlockSource source = store.source(store.dump("disk"))) {
      record(store, source);
    }
    if (!store.verify(Task.unwatched()).clean()) {
      throw new IllegalStateException("it is not clean");
    }
  }

  private static void record(Diskdump store, BlockSource source) {
    DumpRequest request =
        DumpRequest.of("disk", "localhost:disk").withBlockSize(DumpManifest.LARGEST_BLOCK);
    store.record(source, request, Task.unwatched());
  }
}
