package blksh.store.diskdump;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.task.Task;
import java.nio.file.Path;

/**
 * Records dumps of images in a JVM of its own, and collects blocks in between, for ever; prints a
 * line when each is there. Arguments: the base, then the images.
 */
final class DumpProgram {

  private DumpProgram() {}

  public static void main(String[] arguments) {
    Diskdump store = Diskdump.open(Path.of(arguments[0]));
    System.out.println("begun");
    for (int i = 0; ; i++) {
      String image = arguments[1 + i % (arguments.length - 1)];
      try (BlockSource source = BlockSources.open(Path.of(image))) {
        DumpRequest request = DumpRequest.of("disk", "localhost:" + image);
        RecordedDump recorded = store.record(source, request, Task.unwatched());
        System.out.println(recorded.dump().reference() + " " + image);
      }
      store.collect(false, Task.unwatched());
    }
  }
}
