package blksh.store;

import blksh.block.BlockSource;
import blksh.io.UnreadableException;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * Captures a worn drive and reads some of it again. Arguments: a directory for the store, and how
 * many bad sectors the drive has. Prints how many bytes were bad, how many ranges the result names,
 * and how many findings there are.
 */
final class WornProgram {

  private static final int LOOKED_AT = 997;

  private WornProgram() {}

  public static void main(String[] arguments) {
    long bad = Long.parseLong(arguments[1]);
    try (Store store = Store.openOrCreate(Path.of(arguments[0]))) {
      Task task = new Task("capture", "worn");
      CaptureResult result =
          store.capture(
              new WornSource(2 * bad * WornSource.SECTOR), "worn", CaptureOptions.defaults(), task);
      try (BlockSource captured = store.source(result.manifest())) {
        for (long at = 0; at < captured.size(); at += LOOKED_AT * WornSource.SECTOR) {
          look(captured, at);
        }
      }
      System.out.printf(
          "%d %d %d%n",
          result.manifest().figures().badBytes(), result.bad().size(), task.findings().size());
    }
  }

  private static void look(BlockSource captured, long at) {
    ByteBuffer one = ByteBuffer.allocate(1);
    boolean bad = false;
    try {
      captured.read(at, one);
    } catch (UnreadableException e) {
      bad = e.start() == at;
    }
    if (bad != WornSource.isBad(at) || !bad && one.get(0) != WornSource.at(at)) {
      throw new IllegalStateException("byte " + at + " came back as another");
    }
  }
}
