package blksh.snapshot;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.io.PathBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a snapshot is of, as paths from the root of the system on.
 *
 * @param starts relative to the root, with no link on the way
 */
record TakeTargets(List<byte[]> starts) {

  /**
   * Looks for them.
   *
   * @param destination a target in which nothing could be taken; null when there is none
   * @throws BlkshException when one is not there, or is in the destination
   */
  static TakeTargets of(List<Path> targets, Path destination) {
    List<byte[]> starts = new ArrayList<>();
    for (Path each : targets) {
      Path real = real(each);
      if (destination != null && real.startsWith(destination)) {
        throw new BlkshException("take a snapshot of " + each, "it is in the destination itself");
      }
      byte[] path = PathBytes.of(real);
      starts.add(Arrays.copyOfRange(path, 1, path.length));
    }
    return new TakeTargets(starts);
  }

  /** Links on the way are followed; a target that is one is taken as it is. */
  private static Path real(Path target) {
    try {
      Path absolute = target.toAbsolutePath().normalize();
      if (absolute.getParent() == null) {
        return absolute;
      }
      Path real = absolute.getParent().toRealPath().resolve(absolute.getFileName());
      if (!Files.exists(real, LinkOption.NOFOLLOW_LINKS)) {
        throw new BlkshException("take a snapshot of " + target, "there is no such file");
      }
      return real;
    } catch (IOException e) {
      throw IoFailure.told("take a snapshot of " + target, e);
    }
  }

  /** For people. */
  List<String> texts() {
    return starts.stream().map(it -> "/" + NameText.of(it)).toList();
  }
}
