package blksh.filesystem;

import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.SliceSource;
import blksh.io.UnreadableException;
import blksh.partition.Partition;
import blksh.partition.PartitionTable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What the file systems on a source do not use. A range counts as used unless a file system that
 * was put away cleanly, and agrees with its own counts, says that it is free.
 */
public final class UsedBlocks {

  private final List<Area> areas;
  private final FreeRanges free;

  private UsedBlocks(List<Area> areas, FreeRanges free) {
    this.areas = areas;
    this.free = free;
  }

  /**
   * A whole source or one partition of it.
   *
   * @param partition its number, or 0 for the whole source
   * @param start first byte
   * @param length bytes
   * @param fileSystem what was recognised, or empty
   * @param freeBytes bytes that are not used
   * @param reason why all of it counts as used, as a clause; empty when it was mapped
   */
  public record Area(
      int partition, long start, long length, String fileSystem, long freeBytes, String reason) {}

  /**
   * Looks at a source: a file system, or a disk with a partition table.
   *
   * @throws blksh.BlkshException never because of what is on it: what cannot be told is used
   */
  public static UsedBlocks of(BlockSource source) {
    FreeRanges free = new FreeRanges();
    List<Area> areas = new ArrayList<>();
    List<Extent> mounted = MountedRanges.on(source);
    PartitionTable table;
    try {
      table = PartitionTable.of(source);
    } catch (UnreadableException e) {
      areas.add(new Area(0, 0, source.size(), "", 0, reason(e)));
      return new UsedBlocks(areas, free);
    }
    if (!table.sound()) {
      areas.add(new Area(0, 0, source.size(), "", 0, String.join("; ", table.warnings())));
    } else if (table.kind() == PartitionTable.Kind.NONE) {
      areas.add(look(source, 0, 0, source.size(), mounted, free));
    } else if (FileSystem.marked(head(source)).stream().anyMatch(FileSystem::hasFree)) {
      String reason = "it holds both a partition table and a file system";
      areas.add(new Area(0, 0, source.size(), "", 0, reason));
    } else {
      for (Partition partition : table.partitions()) {
        areas.add(
            look(source, partition.number(), partition.start(), partition.length(), mounted, free));
      }
    }
    return new UsedBlocks(areas, free);
  }

  private static String reason(Exception e) {
    return e instanceof UnreadableException bad
        ? "byte %d cannot be read".formatted(bad.start())
        : e.getMessage();
  }

  /** Looks at one area and adds what is free in it. */
  private static Area look(
      BlockSource source,
      int partition,
      long start,
      long length,
      List<Extent> mounted,
      FreeRanges free) {
    String name = "";
    try {
      // The slice is not closed: that would close the source.
      BlockSource slice = partition == 0 ? source : new SliceSource(source, start, length);
      Head head = head(slice);
      List<FileSystem> marked = FileSystem.marked(head);
      List<FileSystem> kinds = marked.stream().filter(FileSystem::hasFree).toList();
      Unmapped.unless(
          marked.stream().noneMatch(FileSystem::isContainer),
          "it belongs to a volume group, a RAID or LUKS");
      Unmapped.unless(!kinds.isEmpty(), "no file system known here is on it");
      name = kinds.get(0).mountName(head);
      Unmapped.unless(kinds.size() == 1, "it looks like several file systems");
      for (Extent range : mounted) {
        Unmapped.unless(range.end() <= start || range.start() >= start + length, "it is mounted");
      }
      FreeRanges found = kinds.get(0).free(slice, head);
      for (int i = 0; i < found.count(); i++) {
        free.add(start + found.start(i), start + found.end(i));
      }
      return new Area(partition, start, length, name, found.bytes(), "");
    } catch (Unmapped | UnreadableException | IndexOutOfBoundsException e) {
      String reason =
          e instanceof IndexOutOfBoundsException ? "its structures make no sense" : reason(e);
      return new Area(partition, start, length, name, 0, reason);
    }
  }

  private static Head head(BlockSource source) {
    byte[] head = new byte[FileSystem.HEAD];
    try {
      source.read(0, ByteBuffer.wrap(head));
    } catch (UnreadableException e) {
      // Whatever cannot be recognised is used.
      return Head.of(Structure.of(new byte[0]));
    }
    return Head.of(Structure.of(head));
  }

  /** The areas looked at, in the order of the source. */
  public List<Area> areas() {
    return List.copyOf(areas);
  }

  /** Structure that need not be read or kept. */
  public long freeBytes() {
    return free.bytes();
  }

  /** Whether a byte is used, or not known to be free. */
  public boolean isUsed(long position) {
    int i = free.after(position);
    return i == free.count() || free.start(i) > position;
  }

  FreeRanges free() {
    return free;
  }

  /**
   * The source as its file systems see it: what they do not use is FREE and reads as zeros.
   *
   * @param source closed with the layer
   */
  public static SkipFreeSource skipFree(BlockSource source) {
    return new SkipFreeSource(source, of(source));
  }
}
