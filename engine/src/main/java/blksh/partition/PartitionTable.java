package blksh.partition;

import blksh.block.BlockSource;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * How a disk, or an image of one, is divided.
 *
 * @param kind how it is written down
 * @param sectorSize bytes of the sectors it counts in
 * @param partitions by number
 * @param warnings what is damaged or odd, as sentences
 * @param sound whether it may be relied on for what is outside every partition: all of them lie on
 *     the disk, none overlaps another, and nothing is damaged but one of two copies
 */
public record PartitionTable(
    Kind kind, int sectorSize, List<Partition> partitions, List<String> warnings, boolean sound) {

  /** The kinds of partition tables. */
  public enum Kind {
    NONE,
    MBR,
    GPT
  }

  /** More than so many warnings are told as a number. */
  private static final int TOLD = 20;

  public PartitionTable {
    partitions = partitions.stream().sorted(Comparator.comparingInt(Partition::number)).toList();
    warnings = bounded(warnings);
  }

  /** A hostile table would otherwise have thousands of them. */
  private static List<String> bounded(List<String> warnings) {
    if (warnings.size() <= TOLD) {
      return List.copyOf(warnings);
    }
    List<String> told = new ArrayList<>(warnings.subList(0, TOLD - 1));
    told.add("%d more of that kind".formatted(warnings.size() - told.size()));
    return List.copyOf(told);
  }

  /** A partition by its name ({@code "p1"}), its number ({@code "1"}) or its label. */
  public Optional<Partition> partition(String key) {
    return partitions.stream()
        .filter(p -> p.name().equals(key) || Integer.toString(p.number()).equals(key))
        .findFirst()
        .or(() -> partitions.stream().filter(p -> p.label().equals(key)).findFirst());
  }

  /**
   * Reads the table of a source: its GUID partition table, or else its master boot record. What is
   * damaged is read as far as it makes sense; a source without a table has one of the kind NONE.
   *
   * @throws UnreadableException when the sectors of the table cannot be read
   */
  public static PartitionTable of(BlockSource source) {
    ByteBuffer boot = bytes(source, 0, MasterBootRecord.LENGTH);
    return GuidPartitionTable.of(source, boot)
        .or(() -> MasterBootRecord.of(source, boot))
        .orElse(new PartitionTable(Kind.NONE, source.sectorSize(), List.of(), List.of(), true));
  }

  /**
   * A table of what was read.
   *
   * @param sound false when it is known already that something is wrong
   */
  static PartitionTable checked(
      Kind kind,
      int sectorSize,
      BlockSource disk,
      List<Partition> partitions,
      List<String> warnings,
      boolean sound) {
    List<String> all = new ArrayList<>(warnings);
    boolean fine = sound;
    Partition before = null;
    for (Partition each :
        partitions.stream().sorted(Comparator.comparingLong(Partition::start)).toList()) {
      if (each.end() > disk.size()) {
        all.add("partition %d ends after the end of what holds it".formatted(each.number()));
        fine = false;
      }
      if (before != null && each.start() < before.end()) {
        all.add("partitions %d and %d overlap".formatted(before.number(), each.number()));
        fine = false;
      }
      before = before == null || each.end() > before.end() ? each : before;
    }
    return new PartitionTable(kind, sectorSize, partitions, all, fine);
  }

  /** Little-endian bytes of a source, or null when they do not all lie within it. */
  static ByteBuffer bytes(BlockSource source, long position, int length) {
    if (position < 0 || length <= 0 || position > source.size() - length) {
      return null;
    }
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    return source.read(position, buffer) < length ? null : buffer;
  }
}
