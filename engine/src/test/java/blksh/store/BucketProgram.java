package blksh.store;

import blksh.Place;
import blksh.block.ByteArraySource;
import blksh.kit.Content;
import blksh.task.Task;
import blksh.workspace.Workspace;
import java.nio.file.Path;

/**
 * A machine of its own that captures into a bucket, and prints what it was told that is there, with
 * what it is of. Arguments: home, place, name, bytes, then the seeds of the images.
 */
final class BucketProgram {

  private BucketProgram() {}

  public static void main(String[] arguments) {
    int size = Integer.parseInt(arguments[3]);
    try (Workspace workspace = Workspace.open(Path.of(arguments[0]))) {
      Store store = workspace.store(Place.parse(arguments[1]));
      for (int i = 4; i < arguments.length; i++) {
        byte[] image = image(size, Integer.parseInt(arguments[i]));
        CaptureResult result =
            store.capture(
                new ByteArraySource(image),
                arguments[2],
                CaptureOptions.defaults(),
                Task.unwatched());
        System.out.println(result.manifest().reference() + " " + arguments[i]);
      }
    }
  }

  /** Four fifths are the same for all seeds. */
  static byte[] image(int size, int seed) {
    byte[] image = Content.random(size, 1);
    byte[] own = Content.random(size / 5, seed);
    System.arraycopy(own, 0, image, 0, own.length);
    return image;
  }
}
