package blksh.store;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.task.Task;
import java.nio.file.Path;

/**
 * Captures images, one after another, in a JVM of its own, and prints a line when each is there.
 * Arguments: store, then image and name, again and again.
 */
final class CaptureProgram {

  private CaptureProgram() {}

  public static void main(String[] arguments) {
    try (Store store = Store.openOrCreate(Path.of(arguments[0]))) {
      for (int i = 1; i < arguments.length; i += 2) {
        try (BlockSource source = BlockSources.open(Path.of(arguments[i]))) {
          CaptureResult result =
              store.capture(source, arguments[i + 1], CaptureOptions.defaults(), Task.unwatched());
          System.out.println(
              result.manifest().reference() + " in " + result.elapsed().toMillis() + " ms");
        }
      }
    }
  }
}
