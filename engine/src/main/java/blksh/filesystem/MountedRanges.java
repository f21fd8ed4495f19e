package blksh.filesystem;

import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.io.MountTable;
import blksh.io.SwapTable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Which parts of a local block device change under our hands: what is mounted for writing. */
final class MountedRanges {

  private static final int SECTOR = 512;
  private static final Path DEVICES = Path.of("/dev");
  private static final Path CLASS = Path.of("/sys/class/block");

  private MountedRanges() {}

  /** The ranges of a source that are mounted for writing; nothing unless it is a block device. */
  static List<Extent> on(BlockSource source) {
    List<Extent> mounted = new ArrayList<>();
    if (source.describe().type().endsWith("block device")) {
      Path path = Path.of(source.describe().location());
      try {
        String name = path.toRealPath().getFileName().toString();
        Set<String> names = written();
        if (names.contains(name)) {
          mounted.add(new Extent(0, source.size(), Extent.Kind.DATA));
        }
        addPartitions(name, names, mounted);
      } catch (IOException e) {
        mounted.add(new Extent(0, source.size(), Extent.Kind.DATA));
      }
    }
    return mounted;
  }

  private static void addPartitions(String disk, Set<String> names, List<Extent> mounted)
      throws IOException {
    Path folder = CLASS.resolve(disk);
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (names.contains(entry.getFileName().toString())
            && Files.exists(entry.resolve("partition"))) {
          long start = Long.parseLong(Files.readString(entry.resolve("start")).strip());
          long size = Long.parseLong(Files.readString(entry.resolve("size")).strip());
          mounted.add(new Extent(start * SECTOR, size * SECTOR, Extent.Kind.DATA));
        }
      }
    }
  }

  /** The kernel's names of the devices mounted for writing or swapped to. */
  private static Set<String> written() throws IOException {
    Set<String> names = new HashSet<>();
    for (MountTable.Entry mount : MountTable.read().entries()) {
      if (!mount.isReadOnly()) {
        addDevice(mount.sourcePath(), names);
      }
    }
    for (Path swap : SwapTable.read().paths()) {
      addDevice(swap, names);
    }
    return names;
  }

  private static void addDevice(Path path, Set<String> names) {
    if (path != null && path.startsWith(DEVICES)) {
      names.add(nameOf(path));
    }
  }

  private static String nameOf(Path device) {
    try {
      return device.toRealPath().getFileName().toString();
    } catch (IOException e) {
      return device.getFileName().toString();
    }
  }
}
