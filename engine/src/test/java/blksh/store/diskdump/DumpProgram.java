package blksh.store.diskdump;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Records dumps of images in a JVM of its own, for ever; after each it takes the earlier ones away
 * and collects their blocks. Prints a line before and after each step. Arguments: the base, the
 * name, then the images.
 */
final class DumpProgram {

  static final String RECORDED = "recorded ";
  static final String DELETING = "deleting ";
  static final String COLLECTING = "collecting";

  private DumpProgram() {}

  public static void main(String[] arguments) throws IOException {
    Diskdump store = Diskdump.open(Path.of(arguments[0]));
    System.out.println("begun");
    for (int i = 0; ; i++) {
      String image = arguments[2 + i % (arguments.length - 2)];
      round(store, arguments[1], image);
    }
  }

  /** Records an image, and takes away what was recorded before. @return blocks collected */
  static long round(Diskdump store, String name, String image) throws IOException {
    try (BlockSource source = BlockSources.open(Path.of(image))) {
      DumpRequest request = DumpRequest.of(name, "localhost:" + image);
      Dump made = store.record(source, request, Task.unwatched()).dump();
      System.out.println(RECORDED + made.reference() + " " + image);
      for (Dump dump : store.dumps(name)) {
        if (!dump.reference().equals(made.reference())) {
          System.out.println(DELETING + dump.reference());
          DiskdumpLock.holding(
              new DiskdumpPlace(store.base()),
              () -> {
                Files.delete(dump.manifest());
                return null;
              });
        }
      }
    }
    System.out.println(COLLECTING);
    long blocks = store.collect(false, Task.unwatched()).blocks();
    System.out.println("collected " + blocks);
    return blocks;
  }
}
