package blksh.workspace;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.DeviceSource;
import blksh.block.FileSource;
import blksh.block.WritableSlice;
import blksh.block.WritableSource;
import blksh.mount.FixedDirectory;
import blksh.mount.MountNode;
import blksh.mount.SourceFile;
import blksh.partition.Partition;
import blksh.partition.PartitionTable;
import blksh.volume.InnerVolume;
import blksh.volume.VolumeSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** A source as a file of its name, with its partitions beside it: {@code disk}, {@code disk.p1}. */
final class SourceTree {

  private SourceTree() {}

  static FixedDirectory of(BlockSource source) {
    return of(source, fileName(source));
  }

  /**
   * @param name what the file of the whole source is called
   */
  static FixedDirectory of(BlockSource source, String name) {
    Map<String, MountNode> entries = new LinkedHashMap<>();
    parts(source, name).forEach((key, part) -> entries.put(key, file(part, source)));
    return new FixedDirectory(entries, Instant.now());
  }

  /** A file that shows a source, or a part of it. */
  static SourceFile file(BlockSource part, BlockSource whole) {
    return new SourceFile(part, lastModified(whole), readsAhead(whole));
  }

  /** The source by its name, and its partitions as sources that need not be closed. */
  static Map<String, BlockSource> parts(BlockSource source) {
    return parts(source, fileName(source));
  }

  private static Map<String, BlockSource> parts(BlockSource source, String name) {
    Map<String, BlockSource> parts = new LinkedHashMap<>();
    parts.put(name, source);
    PartitionTable table;
    try {
      table = PartitionTable.of(source);
    } catch (BlkshException e) {
      return parts; // where its table should be cannot be read
    }
    for (Partition partition : table.partitions()) {
      long length = Math.min(partition.length(), source.size() - partition.start());
      if (length > 0) {
        parts.put(
            name + "." + partition.name(),
            source instanceof WritableSource writable
                ? new WritableSlice(writable, partition.start(), length)
                : partition.of(source));
      }
    }
    if (!(source instanceof WritableSource)) {
      addVolumes(name, VolumeSet.on(source, table), parts);
    }
    return parts;
  }

  /** Those that can be read; of what is written to they are nobody's to show beside it. */
  private static void addVolumes(String name, VolumeSet set, Map<String, BlockSource> parts) {
    for (InnerVolume volume : set.volumes()) {
      if (volume.problem().isEmpty()) {
        String called = name + "." + volume.deviceName().replace('/', '_');
        while (parts.containsKey(called)) {
          called += "_";
        }
        parts.put(called, volume.open(() -> {}));
      }
    }
  }

  /** All but plain files and devices, which the kernel reads ahead by itself. */
  private static boolean readsAhead(BlockSource source) {
    return !(source instanceof WritableSource
        || source instanceof FileSource
        || source instanceof DeviceSource);
  }

  static String fileName(BlockSource source) {
    return fileName(source.describe().name());
  }

  /** It as the name of a file. */
  static String fileName(String wanted) {
    String name = wanted.replace('/', '_');
    return name.isEmpty() || name.equals(".") || name.equals("..") ? "disk" : name;
  }

  private static Instant lastModified(BlockSource source) {
    try {
      return Files.getLastModifiedTime(Path.of(source.describe().location())).toInstant();
    } catch (IOException | RuntimeException e) {
      return Instant.now();
    }
  }
}
