package blksh.block;

import blksh.BlkshException;
import blksh.Place;
import blksh.io.BlockDevice;
import blksh.io.DeviceUses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which parts of a local block device, or of an image file that a loop device stands on, change
 * under our hands: what is mounted for writing, in whatever mount namespace, swapped to, or open
 * for writing in another program, such as a virtual machine. A source on another machine tells it
 * itself; where it does not, all of it may.
 */
public final class MountedRanges {

  private static final int SECTOR = 512;

  private MountedRanges() {}

  /**
   * The ranges of a source, in its own bytes, that are mounted for writing; nothing unless it, or
   * what it is a part or made of, has a path.
   */
  public static List<Extent> on(BlockSource source) {
    List<Extent> mounted = new ArrayList<>();
    if (source.size() == 0) {
      return mounted;
    }
    Extent all = new Extent(0, source.size(), Extent.Kind.DATA);
    if (source instanceof ComposedSource composed) {
      // where in it that is, nobody can tell
      return composed.below().stream().allMatch(each -> on(each).isEmpty())
          ? mounted
          : List.of(all);
    }
    if (source instanceof PlacedSource part) {
      long start = part.start();
      long end = start + part.size();
      return on(part.whole()).stream()
          .filter(range -> range.start() < end && range.end() > start)
          .map(range -> range.clip(start, end).moved(-start))
          .toList();
    }
    Optional<List<Extent>> elsewhere = source.written();
    if (elsewhere.isPresent()) {
      return elsewhere.get();
    }
    String location = source.describe().location();
    if (isElsewhere(location)) {
      mounted.add(all); // nobody here knows what is done to it there
      return mounted;
    }
    try {
      Path path = Path.of(location);
      if (source.describe().type().endsWith("block device")) {
        addDevice(path, all, mounted);
      } else if (Files.isRegularFile(path) && DeviceUses.now().isFileChanged(path)) {
        mounted.add(all);
      }
    } catch (InvalidPathException e) {
      // no file or drive of this machine
    } catch (IOException e) {
      mounted.add(all);
    }
    return mounted;
  }

  private static boolean isElsewhere(String location) {
    try {
      return Place.parse(location) instanceof Place.Remote;
    } catch (InvalidPathException e) {
      return false;
    } catch (BlkshException e) {
      return true; // it is written as a place beyond this machine
    }
  }

  private static void addDevice(Path path, Extent all, List<Extent> mounted) throws IOException {
    Path sys = BlockDevice.at(path).directory();
    if (sys == null) {
      return;
    }
    DeviceUses uses = DeviceUses.now();
    if (uses.isChanged(sys)) {
      mounted.add(all);
    }
    for (Path partition : BlockDevice.partitions(sys)) {
      if (uses.isChanged(partition)) {
        long start = Long.parseLong(Files.readString(partition.resolve("start")).strip());
        long size = Long.parseLong(Files.readString(partition.resolve("size")).strip());
        mounted.add(new Extent(start * SECTOR, size * SECTOR, Extent.Kind.DATA));
      }
    }
  }
}
