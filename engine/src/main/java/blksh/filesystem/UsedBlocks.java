package blksh.filesystem;

import static java.util.stream.Collectors.joining;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.MountedRanges;
import blksh.block.SliceSource;
import blksh.io.UnreadableException;
import blksh.partition.Partition;
import blksh.partition.PartitionTable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * What the file systems on a source do not use. A range counts as used unless a file system that
 * was put away cleanly, and agrees with its own counts, says that it is free.
 */
public final class UsedBlocks {

  /** A forged table has thousands of partitions. */
  private static final int DOUBTS_TOLD = 8;

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
      String doubt = doubt(source, table);
      if (!doubt.isEmpty()) {
        areas.add(new Area(0, 0, source.size(), "", 0, doubt));
        return new UsedBlocks(areas, free);
      }
    } catch (UnreadableException e) {
      areas.add(new Area(0, 0, source.size(), "", 0, reason(e)));
      return new UsedBlocks(areas, free);
    }
    if (table.kind() == PartitionTable.Kind.NONE) {
      areas.add(look(source, 0, 0, source.size(), mounted, free));
    } else {
      List<Partition> inOrder =
          table.partitions().stream().sorted(Comparator.comparingLong(Partition::start)).toList();
      for (Partition partition : inOrder) {
        areas.add(
            look(source, partition.number(), partition.start(), partition.length(), mounted, free));
      }
    }
    return new UsedBlocks(areas, free);
  }

  /** Why a table says nothing about what is where; empty when it does. */
  private static String doubt(BlockSource source, PartitionTable table) {
    if (!table.sound()) {
      return String.join("; ", table.warnings());
    }
    if (table.kind() == PartitionTable.Kind.NONE) {
      return "";
    }
    if (FileSystem.marked(head(source)).stream().anyMatch(FileSystem::hasFree)) {
      return "it holds both a partition table and a file system";
    }
    List<String> others = Signatures.around(source);
    return others.isEmpty()
        ? ""
        : "its partition table is in a disk with the signature of " + String.join(", ", others);
  }

  private static String reason(Exception e) {
    return e instanceof UnreadableException bad
        ? "byte %d cannot be read".formatted(bad.start())
        : e instanceof BlkshException failure ? failure.problem() : e.getMessage();
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
      FileSystem kind = only(slice, head);
      name = kind.mountName(head);
      for (Extent range : mounted) {
        Unmapped.unless(range.end() <= start || range.start() >= start + length, "it is mounted");
      }
      FreeRanges found = kind.free(slice, head);
      for (int i = 0; i < found.count(); i++) {
        free.add(start + found.start(i), start + found.end(i));
      }
      return new Area(partition, start, length, name, found.bytes(), "");
    } catch (Unmapped | BlkshException | IndexOutOfBoundsException e) {
      String reason =
          e instanceof IndexOutOfBoundsException ? "its structures make no sense" : reason(e);
      return new Area(partition, start, length, name, 0, reason);
    }
  }

  /**
   * The file system that is there, when nothing else may be: what carries two signatures is what
   * its owner made of it last, and nobody can tell which that was.
   */
  private static FileSystem only(BlockSource source, Head head) throws Unmapped {
    List<FileSystem> marked =
        FileSystem.marked(head).stream().filter(each -> !each.isContainer()).toList();
    List<FileSystem> kinds = marked.stream().filter(FileSystem::hasFree).toList();
    List<String> others =
        Stream.concat(
                marked.stream().filter(each -> !each.hasFree()).map(FileSystem::words),
                Signatures.on(source).stream())
            .toList();
    String listed = String.join(", ", others);
    if (kinds.isEmpty()) {
      Unmapped.unless(others.isEmpty(), "it is not known what %s uses", listed);
      throw new Unmapped("no file system known here is on it");
    }
    String names = kinds.stream().map(each -> each.wordsOf(head)).collect(joining(", "));
    Unmapped.unless(kinds.size() == 1, "it looks like several file systems: %s", names);
    Unmapped.unless(
        others.isEmpty(), "it is %s, but also carries the signature of %s", names, listed);
    return kinds.get(0);
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

  /**
   * Why what counts as used altogether does, as clauses, each after the name of its partition where
   * there are several; empty when every file system told what it uses.
   */
  public String doubts() {
    List<Area> whole = areas.stream().filter(each -> !each.reason().isEmpty()).toList();
    String first =
        whole.stream()
            .limit(DOUBTS_TOLD)
            .map(
                each ->
                    (each.partition() == 0 ? "" : "p" + each.partition() + ": ") + each.reason())
            .collect(joining("; "));
    int more = whole.size() - DOUBTS_TOLD;
    return more > 0 ? "%s; and %d more".formatted(first, more) : first;
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

  /** The first byte of what was free earlier that is not by this. */
  OptionalLong usedOf(FreeRanges earlier) {
    int at = 0;
    for (int i = 0; i < earlier.count(); i++) {
      while (at < free.count() && free.end(at) <= earlier.start(i)) {
        at++;
      }
      if (at == free.count() || free.start(at) > earlier.start(i)) {
        return OptionalLong.of(earlier.start(i));
      }
      if (free.end(at) < earlier.end(i)) {
        return OptionalLong.of(free.end(at));
      }
    }
    return OptionalLong.empty();
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
